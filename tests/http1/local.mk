# SPDX-License-Identifier: MIT

check_PROGRAMS += %D%/test_parser %D%/test_chunked %D%/test_writer \
	%D%/test_conn %D%/test_answer %D%/test_prepared %D%/test_messages %D%/test_file \
	%D%/test_handover

# portable.c and blocks16.c include the parser once more each.
%C%_test_parser_SOURCES  = %D%/test_parser.c %D%/portable.c %D%/blocks16.c
%C%_test_parser_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_parser_LDADD    = plugins/http1/libhttp1.la $(CUNIT_LIBS)

%C%_test_chunked_SOURCES  = %D%/test_chunked.c
%C%_test_chunked_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_chunked_LDADD    = plugins/http1/libhttp1.la $(CUNIT_LIBS)

%C%_test_writer_SOURCES  = %D%/test_writer.c
%C%_test_writer_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_writer_LDADD    = plugins/http1/libhttp1.la $(CUNIT_LIBS)

%C%_conn_rig = %D%/conn_rig.c %D%/conn_rig.h

%C%_test_conn_SOURCES  = %D%/test_conn.c $(%C%_conn_rig)
%C%_test_conn_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_conn_LDADD    = tests/support/libsupport.la plugins/http1/libhttp1.la $(CUNIT_LIBS) -lpthread

%C%_test_answer_SOURCES  = %D%/test_answer.c $(%C%_conn_rig)
%C%_test_answer_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_answer_LDADD    = tests/support/libsupport.la plugins/http1/libhttp1.la $(CUNIT_LIBS) -lpthread

%C%_test_prepared_SOURCES  = %D%/test_prepared.c $(%C%_conn_rig)
%C%_test_prepared_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_prepared_LDADD    = tests/support/libsupport.la plugins/http1/libhttp1.la $(CUNIT_LIBS) -lpthread

%C%_test_handover_SOURCES  = %D%/test_handover.c $(%C%_conn_rig)
%C%_test_handover_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_handover_LDADD    = tests/support/libsupport.la plugins/http1/libhttp1.la $(CUNIT_LIBS) -lpthread

%C%_test_messages_SOURCES  = %D%/test_messages.c $(%C%_conn_rig)
%C%_test_messages_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_messages_LDADD    = tests/support/libsupport.la plugins/http1/libhttp1.la $(CUNIT_LIBS) -lpthread

%C%_test_file_SOURCES  = %D%/test_file.c $(%C%_conn_rig)
%C%_test_file_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_file_LDADD    = tests/support/libsupport.la plugins/http1/libhttp1.la $(CUNIT_LIBS) -lpthread
