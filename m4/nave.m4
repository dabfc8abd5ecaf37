dnl SPDX-License-Identifier: MIT
dnl
dnl Our own macros: does the compiler, or the linker, take a flag?

dnl NAVE_TRY_CFLAG(FLAG, IF-YES, [IF-NO])
AC_DEFUN([NAVE_TRY_CFLAG], [
  AC_MSG_CHECKING([whether $CC accepts $1])
  nave_saved_cflags=$CFLAGS
  CFLAGS="$CFLAGS -Werror $1"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
    [AC_MSG_RESULT([yes])
     CFLAGS=$nave_saved_cflags
     $2],
    [AC_MSG_RESULT([no])
     CFLAGS=$nave_saved_cflags
     $3])
])

dnl NAVE_TRY_LINK_FLAG(FLAG, IF-YES, [IF-NO])
AC_DEFUN([NAVE_TRY_LINK_FLAG], [
  AC_MSG_CHECKING([whether $CC links with $1])
  nave_saved_ldflags=$LDFLAGS
  LDFLAGS="$LDFLAGS $1"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
    [AC_MSG_RESULT([yes])
     LDFLAGS=$nave_saved_ldflags
     m4_default([$2], [:])],
    [AC_MSG_RESULT([no])
     LDFLAGS=$nave_saved_ldflags
     m4_default([$3], [:])])
])
