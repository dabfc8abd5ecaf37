/* SPDX-License-Identifier: MIT
 *
 * Takes one section out of an ELF file by name: 32 and 64 bit, both byte orders, hostile files
 * included. It reads (pread) and never maps, so a file that shrinks meanwhile is an error, no signal.
 */
#ifndef NV_ELF_H
#define NV_ELF_H

#include <nave/error.h>

#include "log/report.h"

#define NV_ELF_SECTIONS_MAX 4096u

/* What the head of the file says. */
struct nv_elf_head {
    uint16_t type;    /* 3: a shared object */
    uint16_t machine; /* 62: x86-64, ...    */
    uint8_t bits;     /* 32, 64             */
    uint8_t endian;   /* 1 little, 2 big    */
};

/* Read the head. Thread: [any]. Errors: NAVE_ENOTPLUGIN not an ELF file; NAVE_EIO; `why` is set. */
NAVE_NODISCARD nave_err nv_elf_head(int fd, struct nv_elf_head *out, struct nv_why *why);

/* Copy section `name`, at most `len_max` bytes. Thread: [any]. Owns: the caller frees *out_data.
 * Errors: NAVE_ENOTPLUGIN not an ELF file, cut off, or none of that name; NAVE_ETOOBIG; NAVE_EIO;
 * NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_elf_section(int fd, const char *name, size_t len_max, char **out_data,
                                       size_t *out_len, struct nv_why *why);

/* A name for a machine number, such as "x86-64"; "machine 4660" is written to `room` when unknown. */
const char *nv_elf_machine_name(uint16_t machine, char room[24]);

/* The machine that this program was built for; 0 when unknown. */
uint16_t nv_elf_machine_here(void);

#endif
