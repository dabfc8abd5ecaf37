# SPDX-License-Identifier: MIT
#
# What scripts/run, scripts/check and .ci/run share: the packages they need, the build out of tree,
# and the totals of a test run. Read with ". scripts/lib.sh" from the top folder, in any POSIX sh.

say() {
    printf '%s\n' "== $*"
}

die() {
    printf '%s\n' "error: $*" >&2
    exit 1
}

missing_packages=

# need PACKAGE COMMAND...: PACKAGE is missing when COMMAND fails.
need() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing_packages="$missing_packages $package"
}

has() {
    command -v "$1"
}

# What a build needs. CC may name another compiler than gcc.
need_build() {
    need gcc has "${CC:-gcc}"
    need libc6-dev test -e /usr/include/stdio.h
    need make has make
    need autoconf has autoconf
    need automake has automake
    need libtool has libtoolize
    need pkg-config has pkg-config
    need libevent-dev pkg-config --exists libevent_core
    need libmd-dev test -e /usr/include/sha2.h
}

# What the tests need on top.
need_tests() {
    need g++ has "${CXX:-g++}"
    need libcunit1-dev pkg-config --exists cunit
    need libjansson-dev pkg-config --exists jansson
    need python3 has python3
    need python3-jsonschema python3 -c 'import jsonschema'
    need curl has curl
    need mandoc has mandoc
}

# Install what is missing, saying so; nothing is asked of apt when nothing is.
install_packages() {
    [ -n "$missing_packages" ] || return 0
    has apt-get >/dev/null || die "please install:$missing_packages"
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        has sudo >/dev/null || die "please install as root: apt-get install$missing_packages"
        as_root=sudo
    fi
    say "installing the packages that are missing:$missing_packages"
    $as_root apt-get update -q || say "apt-get update failed; trying with the lists that are there"
    # shellcheck disable=SC2086 # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends $missing_packages
    missing_packages=
}

# newer FILE THAN: FILE was changed after THAN.
newer() {
    [ -n "$(find "$1" -newer "$2")" ]
}

# Make configure when there is none or its sources are newer.
bootstrap_tree() {
    if [ ! -e configure ] || [ ! -e Makefile.in ] ||
        newer configure.ac configure || newer m4/nave.m4 configure; then
        say "bootstrap"
        ./bootstrap
    fi
}

jobs() {
    nproc 2>/dev/null || echo 1
}

# configure_in FOLDER OPTIONS...: a build folder, configured once; begun anew after another bootstrap.
configure_in() {
    folder=$1
    shift
    if [ -e "$folder/config.status" ] && newer configure "$folder/config.status"; then
        # distcheck leaves folders without write permission.
        chmod -R u+w "$folder" && rm -rf "$folder"
    fi
    mkdir -p "$folder"
    if [ ! -e "$folder/Makefile" ]; then
        say "configure $folder${*:+ ($*)}"
        top=$(pwd)
        (cd "$folder" && "$top/configure" --quiet "$@") || return 1
    fi
}

# total FOLDER NAME: a number of automake's summary, such as PASS. 0 when there is no summary.
total() {
    [ -e "$1/test-suite.log" ] || {
        echo 0
        return
    }
    sed -n "s/^# $2: *\([0-9][0-9]*\).*/\1/p" "$1/test-suite.log" | head -n 1
}

passed_in() {
    total "$1" PASS
}

# What failed, could not run, or passed though it must not. A run without a summary is one failure.
failed_in() {
    if [ -e "$1/test-suite.log" ]; then
        echo $(($(total "$1" FAIL) + $(total "$1" ERROR) + $(total "$1" XPASS)))
    else
        echo 1
    fi
}

# The closing blocks of all CUnit programs of a build folder, one line for each count of tests.
show_cunit() {
    find "$1/tests" -name '*.log' | sort | while read -r log; do
        awk -v name="${log#"$1"/}" '
            /^Run Summary:/ { inside = 1; print name }
            inside { print "  " $0 }
            inside && /^ *asserts/ { inside = 0 }' "$log"
    done
}

# The whole logs of what failed.
show_failures() {
    find "$1" -name '*.trs' | sort | while read -r trs; do
        if grep -Eq '^:global-test-result: (FAIL|ERROR|XPASS)' "$trs"; then
            log=${trs%.trs}.log
            say "failed: ${log#"$1"/}"
            cat "$log"
        fi
    done
}

# A command that runs make, such as "setarch -R"; none as a rule.
launcher=

# run_suite FOLDER JOBS: build and run all tests of a configured folder. Fails when one fails.
run_suite() {
    rm -f "$1/test-suite.log"
    # shellcheck disable=SC2086 # a list of words
    $launcher make -C "$1" -j"$2" --no-print-directory check >"$1/check.log" 2>&1 && return 0
    [ -e "$1/test-suite.log" ] || cat "$1/check.log"
    return 1
}
