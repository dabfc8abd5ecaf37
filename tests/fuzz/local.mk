# SPDX-License-Identifier: MIT
#
# Fuzz targets, each run by driver.c over its corpus. With libFuzzer: docs/internals/fuzzing.md.

check_PROGRAMS += %D%/fuzz_files %D%/fuzz_http1 %D%/fuzz_chunked %D%/fuzz_route %D%/fuzz_conf %D%/fuzz_manifest

%C%_fuzz_files_SOURCES  = %D%/fuzz_files.c %D%/driver.c
%C%_fuzz_files_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_files_LDADD    = plugins/files/libfiles.la

%C%_fuzz_http1_SOURCES  = %D%/fuzz_http1.c %D%/driver.c %D%/reference_http1.c %D%/reference_http1.h
%C%_fuzz_http1_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_http1_LDADD    = plugins/http1/libhttp1.la

%C%_fuzz_chunked_SOURCES  = %D%/fuzz_chunked.c %D%/driver.c
%C%_fuzz_chunked_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_chunked_LDADD    = plugins/http1/libhttp1.la

%C%_fuzz_route_SOURCES  = %D%/fuzz_route.c %D%/driver.c
%C%_fuzz_route_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_route_LDADD    = plugins/router/librouter.la

%C%_fuzz_conf_SOURCES  = %D%/fuzz_conf.c %D%/driver.c
%C%_fuzz_conf_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_conf_LDADD    = core/libnavecore.la

%C%_fuzz_manifest_SOURCES  = %D%/fuzz_manifest.c %D%/driver.c
%C%_fuzz_manifest_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_fuzz_manifest_LDADD    = core/libnavecore.la

EXTRA_DIST += %D%/corpus
