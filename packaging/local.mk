# SPDX-License-Identifier: MIT
#
# Nave as a part of a system: the service, its user, and a configuration to begin with.

EXTRA_DIST += \
	.dockerignore \
	%D%/Containerfile \
	%D%/nave.json.in \
	%D%/nave.service.in \
	%D%/nave.socket \
	%D%/welcome/index.html.in

# SERVICE_KEEP_RELOAD is b or d: with Type=notify-reload systemd itself sends SIGHUP.
PACKAGING_SED = sed \
	-e '/^ExecReload=/$(SERVICE_KEEP_RELOAD)' \
	-e 's|@SERVICE_TYPE[@]|$(SERVICE_TYPE)|g' \
	-e 's|@bindir[@]|$(bindir)|g' \
	-e 's|@pkgdatadir[@]|$(pkgdatadir)|g' \
	-e 's|@sysconfdir[@]|$(sysconfdir)|g'

%D%/nave.service: %D%/nave.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(PACKAGING_SED) $(srcdir)/%D%/nave.service.in >$@.tmp && mv $@.tmp $@

%D%/nave.json: %D%/nave.json.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(PACKAGING_SED) $(srcdir)/%D%/nave.json.in >$@.tmp && mv $@.tmp $@

%D%/welcome/index.html: %D%/welcome/index.html.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(PACKAGING_SED) $(srcdir)/%D%/welcome/index.html.in >$@.tmp && mv $@.tmp $@

CLEANFILES += %D%/nave.service %D%/nave.json %D%/welcome/index.html

# The default as it came, for who wants to begin anew, and the page that it serves.
pkgdata_DATA = %D%/nave.json
welcomedir = $(pkgdatadir)/welcome
welcome_DATA = %D%/welcome/index.html

if SYSTEMD_UNITS
systemdsystemunit_DATA = %D%/nave.service
dist_systemdsystemunit_DATA = %D%/nave.socket
dist_sysusers_DATA = %D%/sysusers.d/nave.conf
endif

# A configuration that is there is its owner's: never written over, and kept by uninstall once it was
# changed.
naveconfdir = $(sysconfdir)/nave

install-data-local: %D%/nave.json
	$(MKDIR_P) "$(DESTDIR)$(naveconfdir)"
	@file="$(DESTDIR)$(naveconfdir)/nave.json"; \
	if test -f "$$file"; then \
	    cmp -s %D%/nave.json "$$file" || \
	        echo "kept: $$file; the default of this version is $(DESTDIR)$(pkgdatadir)/nave.json"; \
	else \
	    echo "$(INSTALL_DATA) %D%/nave.json $$file"; \
	    $(INSTALL_DATA) %D%/nave.json "$$file"; \
	fi

uninstall-local: %D%/nave.json
	@file="$(DESTDIR)$(naveconfdir)/nave.json"; \
	if test -f "$$file" && cmp -s %D%/nave.json "$$file"; then \
	    rm -f "$$file"; \
	elif test -f "$$file"; then \
	    echo "kept: $$file, which was changed"; \
	fi
