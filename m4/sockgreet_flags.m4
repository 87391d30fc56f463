# SPDX-License-Identifier: MIT
# Flags of compiler and linker, probed one at a time with the user's own flags, and collected in variables of ours.

# SOCKGREET_TRY_FLAGS(FLAGS, IF-ACCEPTED, [IF-REFUSED])
# A flag counts as accepted if a program compiles and links with it without a warning.
AC_DEFUN([SOCKGREET_TRY_FLAGS], [
  AS_VAR_PUSHDEF([cached], [sockgreet_cv_flag_$1])
  AC_CACHE_CHECK([whether $CC accepts $1], [cached], [
    sockgreet_saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS $1 -Werror"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[puts("")]])],
      [AS_VAR_SET([cached], [yes])], [AS_VAR_SET([cached], [no])])
    CFLAGS=$sockgreet_saved_CFLAGS
  ])
  AS_VAR_IF([cached], [yes], [$2], [$3])
  AS_VAR_POPDEF([cached])
])

# SOCKGREET_APPEND_FLAG(FLAG, VARIABLE, [NAME-IN-SUMMARY])
AC_DEFUN([SOCKGREET_APPEND_FLAG], [
  SOCKGREET_TRY_FLAGS([$1], [
    AS_VAR_APPEND([$2], [" $1"])
    m4_ifval([$3], [AS_VAR_APPEND([sockgreet_hardening], [" $3"])])
  ])
])

# SOCKGREET_DIRECTORY(NAME, PKG-CONFIG-VARIABLE, BELOW-PREFIX, WHAT)
# Adds --with-NAME=DIR. The default is what systemd asks for when the prefix is /usr (with a PKG-CONFIG-VARIABLE), and
# otherwise the same place below the prefix (which systemd searches too if that is /usr/local), so that nothing is ever
# written outside the prefix unasked.
AC_DEFUN([SOCKGREET_DIRECTORY], [
  AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=DIR], [directory for $4])], [], [with_$1=auto])
  AS_CASE([$with_$1],
    [yes|no], [AC_MSG_ERROR([--with-$1 needs a directory])],
    [auto], [
      with_$1='${prefix}/$3'
      m4_ifval([$2], [AS_IF([test "x$prefix" = x/usr], [
        AS_IF([sockgreet_dir=`$PKG_CONFIG --variable=$2 systemd 2>/dev/null` && test -n "$sockgreet_dir"],
          [with_$1=$sockgreet_dir])
      ])])
    ])
  AC_SUBST([$1], [$with_$1])
])
