# SPDX-License-Identifier: MIT

check_PROGRAMS += %D%/test_router
%C%_test_router_SOURCES  = %D%/test_router.c
%C%_test_router_CPPFLAGS = $(TEST_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_test_router_LDADD    = \
	plugins/router/librouter.la \
	tests/support/libsupport.la \
	core/libnavecore.la \
	$(CUNIT_LIBS) $(JANSSON_LIBS)

EXTRA_DIST += tests/data/routes.json

check_PROGRAMS += %D%/test_trie
%C%_test_trie_SOURCES  = %D%/test_trie.c
%C%_test_trie_CPPFLAGS = $(TEST_CPPFLAGS)
%C%_test_trie_LDADD    = \
	plugins/router/librouter.la \
	tests/support/libsupport.la \
	$(CUNIT_LIBS)
