/* SPDX-License-Identifier: MIT
 *
 * Read before every test source when configure did not find CUnit, to say what to do about it.
 */
#error "make check needs CUnit: apt-get install libcunit1-dev, then configure again"
