/* SPDX-License-Identifier: MIT
 *
 * Files that are refused, word by word, and whether any of their code ran before that. Each is a copy
 * of proof.so, whose constructor leaves a trace, damaged in one way. In the expected texts FILE
 * stands for the copy and FOLDER for where it lies.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nave/plugin.h>
#include <nave/runtime.h>

#include "plugin/digest.h"
#include "plugin/nv_elf.h"
#include "test_main.h"

static char folder[] = "/tmp/nave-loading-XXXXXX";
static char file[64];
static char trace[64];
static char other[64]; /* a second copy */
static char *good;     /* the bytes of proof.so */
static size_t good_len;
static char *copy; /* what a test damages */
static size_t copy_len;
static char reports[8192];
static char digest[NV_DIGEST_TEXT]; /* of what stands in file */

/* --- the rig --------------------------------------------------------------------------------- */

static char *read_file(const char *path, size_t *out_len)
{
    FILE *f = fopen(path, "rb");
    char *bytes = malloc(1u << 22);

    if (f && bytes)
        *out_len = fread(bytes, 1, 1u << 22, f);
    if (f)
        fclose(f);
    return f ? bytes : NULL;
}

static void write_file(const char *path, const char *bytes, size_t len)
{
    FILE *f;

    remove(path); /* a new file each time: the dynamic linker knows mapped files by their number */
    f = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, len, f), len);
    CU_ASSERT_EQUAL(fclose(f), 0);
    CU_ASSERT_EQUAL(chmod(path, 0644), 0);
}

static int set_up(void)
{
    good = read_file(PROOF_FOLDER "/proof.so", &good_len);
    copy = malloc(1u << 22);
    if (!good || !copy || good_len == 1u << 22 || !mkdtemp(folder))
        return 1;
    snprintf(file, sizeof(file), "%s/proof.so", folder);
    snprintf(other, sizeof(other), "%s/other.so", folder);
    snprintf(trace, sizeof(trace), "%s/trace", folder);
    return setenv("NAVE_PROOF_FILE", trace, 1);
}

static int clean_up(void)
{
    remove(file);
    remove(other);
    remove(trace);
    free(good);
    free(copy);
    return rmdir(folder);
}

/* Behind the reports, with the names of the files replaced. */
static void add_report(const char *text, size_t len)
{
    const struct {
        const char *from;
        const char *to;
    } names[] = {{file, "FILE"}, {other, "OTHER"}, {folder, "FOLDER"}, {digest, "DIGEST"}};
    size_t at = strlen(reports);
    size_t k;

    while (len > 0 && at + 16 < sizeof(reports)) {
        for (k = 0; k < NAVE_COUNT(names); k++)
            if (names[k].from[0] && len >= strlen(names[k].from) &&
                !memcmp(text, names[k].from, strlen(names[k].from)))
                break;
        if (k < NAVE_COUNT(names)) {
            at += (size_t)snprintf(reports + at, sizeof(reports) - at, "%s", names[k].to);
            text += strlen(names[k].from);
            len -= strlen(names[k].from);
        } else {
            reports[at++] = *text++;
            len--;
        }
    }
    reports[at++] = '\n';
    reports[at] = '\0';
}

static void on_report(void *arg, const struct nave_report *r)
{
    char place[256];

    (void)arg;
    if (r->level != NAVE_LOG_ERROR)
        return;
    if (r->line) {
        snprintf(place, sizeof(place), "%.*s: ", (int)r->pointer.len, r->pointer.ptr);
        add_report(place, strlen(place));
        reports[strlen(reports) - 1] = '\0'; /* no line end in between */
    }
    add_report(r->text.ptr, r->text.len);
}

static int trace_is_there(void)
{
    return access(trace, F_OK) == 0;
}

#define CONFIG "{\"plugins\": {\"test.proof\": {\"$path\": \"%s\"}}}"

static void (*meanwhile)(void); /* between configure and start */

/* Configure, and start unless `only_check`. */
static nave_err run_config(const char *config, const nave_plugin_entry_fn *statics, int only_check)
{
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .report = on_report,
                                     .plugin_path = folder,
                                     .static_plugins = statics,
                                     .log_level = NAVE_LOG_ERROR};
    struct nave_runtime *rt = NULL;
    nave_err err;

    reports[0] = '\0';
    remove(trace);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    err = nave_runtime_configure_text(rt, config, strlen(config), "t");
    if (!err && meanwhile)
        meanwhile();
    if (!err && !only_check)
        err = nave_runtime_start(rt);
    if (!err && !only_check) {
        nave_runtime_stop(rt);
        CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);
    }
    nave_runtime_destroy(rt);
    return err;
}

static void check_reports(const char *text)
{
    CU_ASSERT_STRING_EQUAL(reports, text);
    if (strcmp(reports, text) != 0)
        printf("\n  got:\n%s  want:\n%s", reports, text);
}

/* The file that stands there is refused with `text`; `has_run`: after its code was mapped. */
static void refuse_file(int has_run, const char *text)
{
    char config[256];

    snprintf(config, sizeof(config), CONFIG, file);
    CU_ASSERT_NOT_EQUAL(run_config(config, NULL, 0), NAVE_OK);
    CU_ASSERT_EQUAL(trace_is_there(), has_run);
    check_reports(text);
}

/* The same for the damaged copy. */
static void refuse_copy(int has_run, const char *text)
{
    write_file(file, copy, copy_len);
    refuse_file(has_run, text);
}

static void begin_copy(void)
{
    memcpy(copy, good, good_len);
    copy_len = good_len;
}

/* Where `len` bytes of `what` stand in the copy. */
static char *find(const void *what, size_t len)
{
    char *found = memmem(copy, copy_len, what, len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    return found;
}

static struct nave_abi_tag tag;

/* The tag of the copy's descriptor, to `tag`, and where it stands. */
static char *find_tag(void)
{
    static const struct nave_abi_tag head = {.magic = NAVE_ABI_MAGIC,
                                             .tag_size = sizeof(struct nave_abi_tag)};
    char *at;

    begin_copy();
    at = find(&head, offsetof(struct nave_abi_tag, abi_major));
    memcpy(&tag, at, sizeof(tag));
    return at;
}

#define US      "\x1f" /* between the words of a manifest */
#define NOTHING ""

#define WITH_TAG(change)                \
    do {                                \
        char *at_ = find_tag();         \
        change;                         \
        memcpy(at_, &tag, sizeof(tag)); \
    } while (0)

/* Replace text of the manifest by another of the same length. */
static void patch(const char *from, const char *to)
{
    begin_copy();
    memcpy(find(from, strlen(from)), to, strlen(to));
}

/* --- what the file is ------------------------------------------------------------------------ */

static void reading_a_manifest_runs_no_code_and_starting_does(void)
{
    char config[256];

    begin_copy();
    write_file(file, copy, copy_len);
    snprintf(config, sizeof(config), CONFIG, file);
    CU_ASSERT_EQUAL(run_config(config, NULL, 1), NAVE_OK);
    CU_ASSERT_EQUAL(trace_is_there(), 0);
    CU_ASSERT_EQUAL(run_config(config, NULL, 0), NAVE_OK);
    CU_ASSERT_EQUAL(trace_is_there(), 1);
    check_reports(NOTHING);
}

static void what_is_no_elf_file_is_refused_unrun(void)
{
    static const char text[] = "#!/bin/sh\nexit 0\n";

    write_file(file, text, strlen(text));
    refuse_file(0, "/plugins/test.proof: plugin \"test.proof\": FILE: is not an ELF file; a plugin "
                   "is a shared object that was built with <nave/define.h>\n");
    write_file(file, "", 0);
    refuse_file(0, "/plugins/test.proof: plugin \"test.proof\": FILE: is not an ELF file; a plugin "
                   "is a shared object that was built with <nave/define.h>\n");
    begin_copy();
    copy_len = 40;
    refuse_copy(0, "/plugins/test.proof: plugin \"test.proof\": FILE: has a malformed or cut off "
                   "ELF head; a plugin is a shared object that was built with <nave/define.h>\n");
    copy_len = good_len / 2;
    refuse_copy(0, "/plugins/test.proof: plugin \"test.proof\": FILE: has a malformed section "
                   "table; a plugin is a shared object that was built with <nave/define.h>\n");
}

static void folders_and_pipes_are_refused_without_waiting(void)
{
    remove(file);
    CU_ASSERT_EQUAL(mkdir(file, 0755), 0);
    refuse_file(0, "/plugins/test.proof: plugin \"test.proof\": FILE is no regular file; give the "
                   "path of the plugin's .so\n");
    CU_ASSERT_EQUAL(rmdir(file), 0);
    CU_ASSERT_EQUAL(mkfifo(file, 0644), 0);
    refuse_file(0, "/plugins/test.proof: plugin \"test.proof\": FILE is no regular file; give the "
                   "path of the plugin's .so\n");
    remove(file);
    refuse_file(0, "/plugins/test.proof: plugin \"test.proof\": there is no file FILE; install it, "
                   "or correct its path\n");
}

static void a_library_that_is_no_plugin_is_refused_unrun(void)
{
    begin_copy();
    memcpy(find(NAVE_MANIFEST_SECTION, strlen(NAVE_MANIFEST_SECTION)), ".nothing", 8);
    refuse_copy(
        0, "/plugins/test.proof: plugin \"test.proof\": FILE: has no section .nave.manifest: it is "
           "not a Nave plugin; a plugin is a shared object that was built with <nave/define.h>\n");
}

static void another_machine_is_named(void)
{
#ifdef __x86_64__ /* whose name stands in the text */
    begin_copy();
    copy[18] = (char)0xf3; /* e_machine: RISC-V */
    copy[19] = 0;
    refuse_copy(0, "/plugins/test.proof: plugin \"test.proof\": FILE was built for riscv (64 bit), "
                   "this host runs on x86-64 (64 bit); build it for this machine\n");
#endif
}

/* A file with the head, the sections and the manifest of a plugin for another machine. */
static void make_elf(unsigned bits, unsigned endian, unsigned machine)
{
    static const char names[] = "\0.shstrtab\0" NAVE_MANIFEST_SECTION;
    const unsigned w = bits / 8, head = bits == 64 ? 64 : 52, row = bits == 64 ? 64 : 40;
    struct nv_why why = {{0}};
    char *manifest = NULL;
    size_t len = 0, at;
    int fd = open(PROOF_FOLDER "/proof.so", O_RDONLY | O_CLOEXEC);
    unsigned i, k;

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(nv_elf_section(fd, NAVE_MANIFEST_SECTION, 65536, &manifest, &len, &why),
                          NAVE_OK);
    close(fd);
#define PUT(offset, value, bytes) \
    for (k = 0; k < (bytes); k++) \
    copy[(offset) + (endian == 1 ? k : (bytes)-1 - k)] = (char)((size_t)(value) >> 8 * k)
    memset(copy, 0, head + 3 * row);
    memcpy(copy, "\177ELF", 4);
    copy[4] = (char)(bits == 64 ? 2 : 1);
    copy[5] = (char)endian;
    PUT(16, 3, 2); /* a shared object */
    PUT(18, machine, 2);
    PUT(bits == 64 ? 40 : 32, head, w);
    PUT(bits == 64 ? 58 : 46, row, 2);
    PUT(bits == 64 ? 60 : 48, 3, 2);
    PUT(bits == 64 ? 62 : 50, 1, 2);
    at = head + 3 * row;
    for (i = 1; i < 3; i++) {
        unsigned section = head + i * row;
        size_t bytes = i == 1 ? sizeof(names) : len;

        PUT(section, i == 1 ? 1 : 11, 4);
        PUT(section + 4, 1, 4);
        PUT(section + 8 + 2 * w, at, w);
        PUT(section + 8 + 3 * w, bytes, w);
        memcpy(copy + at, i == 1 ? names : manifest, bytes);
        at += bytes;
    }
#undef PUT
    copy_len = at;
    free(manifest);
}

static void machines_of_other_widths_and_byte_orders_are_named(void)
{
#ifdef __x86_64__
    static const struct {
        unsigned bits, endian, machine;
        const char *text;
    } rows[] = {{64, 1, 183, "aarch64 (64 bit)"},      {32, 1, 3, "i386 (32 bit)"},
                {32, 1, 62, "x86-64 (32 bit)"},        {64, 2, 22, "s390x (64 bit)"},
                {32, 2, 20, "ppc (32 bit)"},           {32, 1, 40, "arm (32 bit)"},
                {64, 1, 4660, "machine 4660 (64 bit)"}};
    char want[320];
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        make_elf(rows[i].bits, rows[i].endian, rows[i].machine);
        snprintf(
            want, sizeof(want),
            "/plugins/test.proof: plugin \"test.proof\": FILE was built for %s, this host runs "
            "on x86-64 (64 bit); build it for this machine\n",
            rows[i].text);
        refuse_copy(0, want);
    }
#endif
}

static void an_object_file_is_refused_unrun(void)
{
    begin_copy();
    copy[16] = 1; /* e_type: ET_REL */
    refuse_copy(0, "/plugins/test.proof: plugin \"test.proof\": FILE is no shared object; link it "
                   "with -shared\n");
}

/* --- whether it is still the file that was checked ------------------------------------------- */

/* Write the same bytes into the file that stands there. On a coarse clock the first writes may fall
 * into the moment in which it was made. */
static void rewrite(const char *path, char last)
{
    struct stat before, now;
    FILE *f;
    int i;

    CU_ASSERT_EQUAL_FATAL(stat(path, &before), 0);
    now = before;
    for (i = 0; i < 1000000 && now.st_ctim.tv_sec == before.st_ctim.tv_sec &&
                now.st_ctim.tv_nsec == before.st_ctim.tv_nsec;
         i++) {
        f = fopen(path, "r+b");
        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        CU_ASSERT_EQUAL(fseek(f, (long)good_len - 1, SEEK_SET), 0);
        CU_ASSERT_EQUAL(fputc(last, f), (unsigned char)last);
        CU_ASSERT_EQUAL(fclose(f), 0);
        CU_ASSERT_EQUAL(stat(path, &now), 0);
    }
    CU_ASSERT_NOT_EQUAL(i, 1000000);
}

static void rewrite_in_place(void)
{
    rewrite(file, good[good_len - 1]);
}

static void damage_in_place(void)
{
    CU_ASSERT_EQUAL(truncate(file, 0), 0);
}

static void replace_by_rename(void)
{
    write_file(other, good, good_len);
    CU_ASSERT_EQUAL(rename(other, file), 0);
}

static void take_away(void)
{
    CU_ASSERT_EQUAL(remove(file), 0);
}

static void what_changes_between_check_and_load_is_refused_unrun(void)
{
    static const struct {
        void (*meanwhile)(void);
        const char *what;
    } rows[] = {{rewrite_in_place, "changed"},
                {damage_in_place, "changed"},
                {replace_by_rename, "replaced or taken away"},
                {take_away, "replaced or taken away"}};
    char want[256];
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        begin_copy();
        snprintf(want, sizeof(want),
                 "/plugins/test.proof: plugin \"test.proof\": FILE was %s after it was checked; "
                 "none of its code has run; start again\n",
                 rows[i].what);
        meanwhile = rows[i].meanwhile;
        refuse_copy(0, want);
        meanwhile = NULL;
    }
}

/* The digest of what stands there, to `digest`. */
static void measure(void)
{
    struct nv_why why = {{0}};
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(nv_digest_file(fd, UINT64_MAX, digest, &why), NAVE_OK);
    close(fd);
}

#define PINNED "{\"plugins\": {\"test.proof\": {\"$path\": \"%s\", \"$sha256\": %s}}}"

static nave_err run_pinned(const char *value)
{
    char config[320];

    snprintf(config, sizeof(config), PINNED, file, value);
    return run_config(config, NULL, 0);
}

static void a_file_with_the_digest_that_was_asked_for_runs(void)
{
    char value[NV_DIGEST_TEXT + 2];
    size_t i;

    begin_copy();
    write_file(file, copy, copy_len);
    measure();
    snprintf(value, sizeof(value), "\"%s\"", digest);
    CU_ASSERT_EQUAL(run_pinned(value), NAVE_OK);
    CU_ASSERT_EQUAL(trace_is_there(), 1);
    check_reports(NOTHING);
    for (i = 0; value[i]; i++)
        if (value[i] >= 'a' && value[i] <= 'f')
            value[i] = (char)(value[i] - 'a' + 'A');
    CU_ASSERT_EQUAL(run_pinned(value), NAVE_OK);
    check_reports(NOTHING);
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void another_digest_is_refused_with_both(void)
{
    begin_copy();
    write_file(file, copy, copy_len);
    measure();
    CU_ASSERT_NOT_EQUAL(run_pinned("\"" ZEROS "\""), NAVE_OK);
    CU_ASSERT_EQUAL(trace_is_there(), 0);
    check_reports(
        "/plugins/test.proof/$sha256: plugin \"test.proof\": FILE has sha256 DIGEST, and " ZEROS
        " is expected; when the file is the one that you mean, write its digest to \"$sha256\", "
        "else install the right one\n");
}

static void what_is_no_digest_is_refused(void)
{
    static const char *const values[] = {"\"\"", "12", "\"" ZEROS "0\"", "\"g" ZEROS "\"",
                                         "\"xyz\""};
    size_t i;

    begin_copy();
    write_file(file, copy, copy_len);
    for (i = 0; i < NAVE_COUNT(values); i++) {
        CU_ASSERT_NOT_EQUAL(run_pinned(values[i]), NAVE_OK);
        check_reports(
            "/plugins/test.proof/$sha256: \"$sha256\" is the digest of the plugin's file, "
            "a text of 64 hex digits; sha256sum FILE prints it\n");
    }
}

/* With a digest the checked bytes themselves are kept, so nothing that happens to the file matters. */
static void with_a_digest_what_was_checked_runs_whatever_becomes_of_the_file(void)
{
    static void (*const rows[])(void) = {rewrite_in_place, damage_in_place, replace_by_rename,
                                         take_away};
    char value[NV_DIGEST_TEXT + 2];
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        begin_copy();
        write_file(file, copy, copy_len);
        measure();
        snprintf(value, sizeof(value), "\"%s\"", digest);
        meanwhile = rows[i];
        CU_ASSERT_EQUAL(run_pinned(value), NAVE_OK);
        meanwhile = NULL;
        CU_ASSERT_EQUAL(trace_is_there(), 1);
        check_reports(NOTHING);
    }
}

const struct nave_plugin *proof_plugin_entry_v1(void);

static void a_part_of_the_program_has_no_digest(void)
{
    static const nave_plugin_entry_fn statics[] = {proof_plugin_entry_v1, NULL};

    CU_ASSERT_NOT_EQUAL(run_config("{\"plugins\": {\"test.proof\": {\"$sha256\": \"" ZEROS "\"}}}",
                                   statics, 0),
                        NAVE_OK);
    check_reports(
        "/plugins/test.proof/$sha256: plugin \"test.proof\" is a part of this program and "
        "has no file of its own; take \"$sha256\" out, or give \"$path\"\n");
}

/* --- whose the file is ----------------------------------------------------------------------- */

static void what_others_may_write_is_refused_with_the_command_that_helps(void)
{
    begin_copy();
    write_file(file, copy, copy_len);
    CU_ASSERT_EQUAL(chmod(file, 0664), 0);
    refuse_file(0, "/plugins/test.proof: plugin \"test.proof\": FILE may be written by others than "
                   "its owner (mode 0664); run: chmod go-w 'FILE'\n");
    CU_ASSERT_EQUAL(chmod(file, 0644), 0);
    CU_ASSERT_EQUAL(chmod(folder, 0777), 0);
    refuse_file(0, "/plugins/test.proof: plugin \"test.proof\": FOLDER may be written by others "
                   "than its owner (mode 0777); run: chmod go-w 'FOLDER'\n");
    CU_ASSERT_EQUAL(chmod(folder, 0700), 0);
}

static void what_belongs_to_another_user_is_refused(void)
{
    if (geteuid() != 0) {
        printf("(skipped: only root can give a file away) ");
        return;
    }
    begin_copy();
    write_file(file, copy, copy_len);
    CU_ASSERT_EQUAL(chown(file, 65534, 65534), 0);
    refuse_file(0, "/plugins/test.proof: plugin \"test.proof\": FILE belongs to user 65534; it "
                   "must belong to root or to user 0, who runs this; run: chown 0 'FILE'\n");
    CU_ASSERT_EQUAL(chown(file, 0, 0), 0);
    CU_ASSERT_EQUAL(chown(folder, 65534, 65534), 0);
    refuse_file(0, "/plugins/test.proof: plugin \"test.proof\": FOLDER belongs to user 65534; it "
                   "must belong to root or to user 0, who runs this; run: chown 0 'FOLDER'\n");
    CU_ASSERT_EQUAL(chown(folder, 0, 0), 0);
}

/* --- what the manifest says ------------------------------------------------------------------ */

static void the_manifest_alone_tells_another_abi(void)
{
    patch("abi" US "1" US "0" US, "abi" US "2" US "0" US);
    refuse_copy(0, "/plugins/test.proof: plugin \"test.proof\": FILE was built for plugin ABI 2, "
                   "this host has 1; rebuild it with the SDK of this host\n");
    patch("abi" US "1" US "0" US "0" US, "abi" US "1" US "7" US "7" US);
    refuse_copy(
        0, "/plugins/test.proof: plugin \"test.proof\": FILE needs plugin ABI 1.7, this host has "
           "1.0; use a newer host, or rebuild the plugin with a lower NAVE_TARGET_MINOR\n");
    patch("abi" US "1" US "0" US "0" US "8", "abi" US "1" US "0" US "0" US "4");
    refuse_copy(0,
                "/plugins/test.proof: plugin \"test.proof\": the manifest of FILE is of a machine "
                "with pointers of 4 bytes and byte order 1, its code is not; rebuild it\n");
}

static void a_damaged_manifest_is_refused_by_line(void)
{
    patch("\nid" US, "\nxx" US);
    refuse_copy(0, "/plugins/test.proof: plugin \"test.proof\": FILE: the manifest is malformed in "
                   "line 2: id, version and abi come first; rebuild it with <nave/define.h>\n");
    patch("role" US "handler", "role" US "hand" US "er");
    refuse_copy(0, "/plugins/test.proof: plugin \"test.proof\": FILE: the manifest is malformed in "
                   "line 5: \"role\" has 5 fields, not 4; rebuild it with <nave/define.h>\n");
    patch("abi" US "1" US "0" US "0", "abi" US "1" US "7" US "0");
    refuse_copy(
        0, "/plugins/test.proof: plugin \"test.proof\": FILE: the manifest is malformed in line 4: "
           "it needs a newer minor than it was built with; rebuild it with <nave/define.h>\n");
}

static void the_id_inside_must_be_the_one_that_was_asked_for(void)
{
    char config[256];

    begin_copy();
    write_file(file, copy, copy_len);
    snprintf(config, sizeof(config), "{\"plugins\": {\"test.other\": {\"$path\": \"%s\"}}}", file);
    CU_ASSERT_NOT_EQUAL(run_config(config, NULL, 0), NAVE_OK);
    CU_ASSERT_EQUAL(trace_is_there(), 0);
    check_reports("/plugins/test.other: plugin \"test.other\": FILE is plugin \"test.proof\"; name "
                  "it so, or give another path\n");
}

/* --- what the descriptor says ---------------------------------------------------------------- */

/* The copy is that file instead. */
static void take_other(const char *path)
{
    char *bytes = read_file(path, &copy_len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    memcpy(copy, bytes, copy_len);
    free(bytes);
}

static void a_file_without_the_entry_is_refused(void)
{
    take_other(PROOF_FOLDER "/no_entry.so");
    refuse_copy(1, "/plugins/test.proof: plugin \"test.proof\": FILE does not export "
                   "nave_plugin_entry_v1; include <nave/define.h> once\n");
}

static void the_tag_is_checked_before_anything_behind_it(void)
{
    WITH_TAG(tag.magic ^= 1);
    refuse_copy(1, "/plugins/test.proof: plugin \"test.proof\": FILE is refused: the descriptor "
                   "does not begin with the tag of a Nave plugin\n");
    WITH_TAG(tag.abi_major = 2);
    refuse_copy(1, "/plugins/test.proof: plugin \"test.proof\": FILE is refused: it was built for "
                   "plugin ABI 2, this host has 1; rebuild it with the SDK of this host\n");
    WITH_TAG(tag.need_minor = 7);
    refuse_copy(
        1, "/plugins/test.proof: plugin \"test.proof\": FILE is refused: it needs plugin ABI 1.7, "
           "this host has 1.0; use a newer host, or rebuild it with a lower NAVE_TARGET_MINOR\n");
    WITH_TAG(tag.ptr_size = 4);
    refuse_copy(1, "/plugins/test.proof: plugin \"test.proof\": FILE is refused: its pointers, "
                   "size_t and largest alignment have 4, 8 and 16 bytes, those of this host 8, 8 "
                   "and 16; rebuild it for this machine\n");
    WITH_TAG(tag.max_align = 32);
    refuse_copy(1, "/plugins/test.proof: plugin \"test.proof\": FILE is refused: its pointers, "
                   "size_t and largest alignment have 8, 8 and 32 bytes, those of this host 8, 8 "
                   "and 16; rebuild it for this machine\n");
    WITH_TAG(tag.endian = 2);
    refuse_copy(1, "/plugins/test.proof: plugin \"test.proof\": FILE is refused: it has another "
                   "byte order than this host; rebuild it for this machine\n");
    WITH_TAG(tag.desc_size = 40);
    refuse_copy(1, "/plugins/test.proof: plugin \"test.proof\": FILE is refused: the descriptor "
                   "has size 40, this host takes 96 to 4096; rebuild it with its SDK\n");
    WITH_TAG(tag.desc_size = 4097);
    refuse_copy(1, "/plugins/test.proof: plugin \"test.proof\": FILE is refused: the descriptor "
                   "has size 4097, this host takes 96 to 4096; rebuild it with its SDK\n");
}

/* Law 2: what is longer than we know is taken as long as it says nothing there. */
static void operations_with_a_longer_tail_are_taken_while_it_is_zero(void)
{
    char config[256];
    char want[320];

    take_other(PROOF_FOLDER "/longer.so");
    write_file(file, copy, copy_len);
    snprintf(config, sizeof(config), CONFIG, file);
    CU_ASSERT_EQUAL(run_config(config, NULL, 0), NAVE_OK);
    CU_ASSERT_EQUAL(trace_is_there(), 1);
    check_reports(NOTHING);
    take_other(PROOF_FOLDER "/newer.so");
    snprintf(want, sizeof(want),
             "/plugins/test.proof: plugin \"test.proof\": FILE is refused: the table of operations "
             "uses a field at byte %zu that this host does not know; use a newer host\n",
             sizeof(struct nave_plugin_ops));
    refuse_copy(1, want);
}

/* A newer SDK never refuses: built_minor says only how much of the descriptor there is. */
static void a_newer_sdk_alone_is_no_reason(void)
{
    WITH_TAG(tag.built_minor = 7);
    memcpy(find("abi" US "1" US "0" US "0", 9), "abi" US "1" US "0" US "7", 9);
    write_file(file, copy, copy_len);
    {
        char config[256];

        snprintf(config, sizeof(config), CONFIG, file);
        CU_ASSERT_EQUAL(run_config(config, NULL, 0), NAVE_OK);
        check_reports(NOTHING);
    }
}

/* --- what stands beside it ------------------------------------------------------------------- */

static void a_role_that_two_plugins_have_is_refused(void)
{
    char config[512];
    size_t len;
    char *twin = read_file(PROOF_FOLDER "/twin.so", &len);

    CU_ASSERT_PTR_NOT_NULL_FATAL(twin);
    begin_copy();
    write_file(file, copy, copy_len);
    write_file(other, twin, len);
    free(twin);
    snprintf(config, sizeof(config),
             "{\"plugins\": {\"test.proof\": {\"$path\": \"%s\"}, \"test.twin\": {\"$path\": "
             "\"%s\"}}}",
             file, other);
    CU_ASSERT_NOT_EQUAL(run_config(config, NULL, 0), NAVE_OK);
    CU_ASSERT_EQUAL(trace_is_there(), 0);
    check_reports(
        "/plugins/test.twin: plugins \"test.proof\" and \"test.twin\" both have a handler named "
        "\"proof\", so that the name does not say which; take one of them out\n");
}

static void an_id_that_is_there_twice_is_refused(void)
{
    static const nave_plugin_entry_fn twice[] = {proof_plugin_entry_v1, proof_plugin_entry_v1,
                                                 NULL};

    CU_ASSERT_NOT_EQUAL(run_config("{\"plugins\": {\"test.proof\": {}, \"test.proof\": {}}}", NULL,
                                   0),
                        NAVE_OK);
    check_reports(
        "/plugins/test.proof: \"test.proof\" is given twice; the other value stands at t:1:28\n");
    CU_ASSERT_NOT_EQUAL(run_config("{\"plugins\": {\"test.proof\": {}}}", twice, 0), NAVE_OK);
    check_reports("two static plugins have the id \"test.proof\", so that it does not say which; "
                  "take one out of static_plugins\n");
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo tests[] = {
    TEST(reading_a_manifest_runs_no_code_and_starting_does),
    TEST(what_is_no_elf_file_is_refused_unrun),
    TEST(folders_and_pipes_are_refused_without_waiting),
    TEST(a_library_that_is_no_plugin_is_refused_unrun),
    TEST(another_machine_is_named),
    TEST(machines_of_other_widths_and_byte_orders_are_named),
    TEST(an_object_file_is_refused_unrun),
    TEST(what_changes_between_check_and_load_is_refused_unrun),
    TEST(a_file_with_the_digest_that_was_asked_for_runs),
    TEST(another_digest_is_refused_with_both),
    TEST(what_is_no_digest_is_refused),
    TEST(with_a_digest_what_was_checked_runs_whatever_becomes_of_the_file),
    TEST(a_part_of_the_program_has_no_digest),
    TEST(what_others_may_write_is_refused_with_the_command_that_helps),
    TEST(what_belongs_to_another_user_is_refused),
    TEST(the_manifest_alone_tells_another_abi),
    TEST(a_damaged_manifest_is_refused_by_line),
    TEST(the_id_inside_must_be_the_one_that_was_asked_for),
    TEST(a_file_without_the_entry_is_refused),
    TEST(the_tag_is_checked_before_anything_behind_it),
    TEST(operations_with_a_longer_tail_are_taken_while_it_is_zero),
    TEST(a_newer_sdk_alone_is_no_reason),
    TEST(a_role_that_two_plugins_have_is_refused),
    TEST(an_id_that_is_there_twice_is_refused),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"loading", set_up, clean_up, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)
