# SPDX-License-Identifier: MIT

check_PROGRAMS += %D%/test_parser %D%/test_chunked %D%/test_writer

# portable.c includes the parser once more.
%C%_test_parser_SOURCES  = %D%/test_parser.c %D%/portable.c
%C%_test_parser_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_parser_LDADD    = plugins/http1/libhttp1.la $(CUNIT_LIBS)

%C%_test_chunked_SOURCES  = %D%/test_chunked.c
%C%_test_chunked_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_chunked_LDADD    = plugins/http1/libhttp1.la $(CUNIT_LIBS)

%C%_test_writer_SOURCES  = %D%/test_writer.c
%C%_test_writer_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_writer_LDADD    = plugins/http1/libhttp1.la $(CUNIT_LIBS)
