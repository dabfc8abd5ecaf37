/* SPDX-License-Identifier: MIT
 *
 * The table is sorted, and searched by halves.
 */
#include "type.h"

#include <string.h>

/* clang-format off: one a line, sorted */
static const struct {
    const char *extension;
    const char *type;
} table[] = {
    {"3gp", "video/3gpp"},
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"apng", "image/apng"},
    {"atom", "application/atom+xml"},
    {"avi", "video/x-msvideo"},
    {"avif", "image/avif"},
    {"bin", "application/octet-stream"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"c", "text/plain"},
    {"cbor", "application/cbor"},
    {"cc", "text/plain"},
    {"cpp", "text/plain"},
    {"css", "text/css"},
    {"csv", "text/csv"},
    {"deb", "application/vnd.debian.binary-package"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"eot", "application/vnd.ms-fontobject"},
    {"eps", "application/postscript"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"geojson", "application/geo+json"},
    {"gif", "image/gif"},
    {"glb", "model/gltf-binary"},
    {"gltf", "model/gltf+json"},
    {"gz", "application/gzip"},
    {"h", "text/plain"},
    {"heic", "image/heic"},
    {"hpp", "text/plain"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ico", "image/vnd.microsoft.icon"},
    {"ics", "text/calendar"},
    {"iso", "application/octet-stream"},
    {"jar", "application/java-archive"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript"},
    {"json", "application/json"},
    {"jsonld", "application/ld+json"},
    {"jxl", "image/jxl"},
    {"log", "text/plain"},
    {"m3u8", "application/vnd.apple.mpegurl"},
    {"m4a", "audio/mp4"},
    {"m4v", "video/mp4"},
    {"map", "application/json"},
    {"md", "text/markdown"},
    {"mid", "audio/midi"},
    {"mjs", "text/javascript"},
    {"mkv", "video/matroska"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpd", "application/dash+xml"},
    {"mpeg", "video/mpeg"},
    {"mpg", "video/mpeg"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"pem", "application/x-pem-file"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"ps", "application/postscript"},
    {"py", "text/plain"},
    {"rar", "application/vnd.rar"},
    {"rss", "application/rss+xml"},
    {"rtf", "application/rtf"},
    {"sh", "text/plain"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"text", "text/plain"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"toml", "application/toml"},
    {"ts", "video/mp2t"},
    {"tsv", "text/tab-separated-values"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain"},
    {"vtt", "text/vtt"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"weba", "audio/webm"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"},
    {"xsl", "application/xslt+xml"},
    {"xz", "application/x-xz"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
};
/* clang-format on */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* As strcmp, of `len` bytes in any case and a text of small letters. */
static int compare(const char *text, size_t len, const char *with)
{
    size_t i;

    for (i = 0; i < len; i++) {
        unsigned char a = (unsigned char)lower(text[i]);
        unsigned char b = (unsigned char)with[i];

        if (a != b)
            return a < b ? -1 : 1;
    }
    return with[len] == '\0' ? 0 : -1;
}

struct nave_str files_type_extension(const char *name, size_t len)
{
    struct nave_str e = {"", 0};
    size_t i = len;

    while (i > 0 && name[i - 1] != '.' && name[i - 1] != '/')
        i--;
    if (i < 2 || name[i - 1] != '.' || name[i - 2] == '/' || len - i > FILES_EXTENSION_MAX)
        return e;
    e.ptr = name + i;
    e.len = len - i;
    return e;
}

struct nave_str files_type_builtin(const char *extension, size_t len)
{
    struct nave_str none = {"", 0};
    size_t low = 0, high = NAVE_COUNT(table);

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(extension, len, table[middle].extension);

        if (order == 0)
            return (struct nave_str){table[middle].type, strlen(table[middle].type)};
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return none;
}

static int same(struct nave_str a, struct nave_str b)
{
    size_t i;

    for (i = 0; i < a.len && i < b.len && lower(a.ptr[i]) == lower(b.ptr[i]); i++)
        ;
    return a.len == b.len && i == a.len;
}

struct nave_str files_type_of(const struct nave_pairs *own, struct nave_str fallback,
                              const char *name, size_t len)
{
    struct nave_str e = files_type_extension(name, len);
    struct nave_str type;
    uint64_t i;

    if (e.len == 0)
        return fallback;
    for (i = 0; i < own->count; i++) {
        struct nave_str key = own->items[i].key;

        if (key.len > 1 && key.ptr[0] == '.') {
            key.ptr++;
            key.len--;
        }
        if (same(key, e))
            return own->items[i].value;
    }
    type = files_type_builtin(e.ptr, e.len);
    return type.len > 0 ? type : fallback;
}

int files_type_is_text(struct nave_str type)
{
    static const struct nave_str others[] = {
        {"application/javascript", 22},
        {"application/xml", 15},
        {"application/xhtml+xml", 21},
    };
    static const struct nave_str text = {"text/", 5};
    struct nave_str start = {type.ptr, type.len < 5 ? type.len : 5};
    size_t i;

    if (memchr(type.ptr, ';', type.len))
        return 0;
    if (same(start, text))
        return 1;
    for (i = 0; i < NAVE_COUNT(others); i++)
        if (same(type, others[i]))
            return 1;
    return 0;
}
