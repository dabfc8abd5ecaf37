# SPDX-License-Identifier: MIT

dist_man_MANS += \
	%D%/man/nave.1 \
	%D%/man/nave.json.5
