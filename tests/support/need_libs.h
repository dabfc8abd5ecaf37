/* SPDX-License-Identifier: MIT
 *
 * Read before every test source when configure did not find CUnit or jansson, to say what to do.
 */
#error "make check needs: apt-get install libcunit1-dev libjansson-dev; then configure again"
