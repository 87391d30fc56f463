/* SPDX-License-Identifier: MIT */
/* sanitizer: a leak check for processes that end by _exit(2), which skips the one at exit. Does nothing in
 * other builds. */
#ifndef SOCKGREET_SANITIZER_H
#define SOCKGREET_SANITIZER_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZER_ADDRESS 1
#endif
#if __has_feature(thread_sanitizer)
#define SANITIZER_THREAD 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZER_ADDRESS 1
#endif
#ifdef __SANITIZE_THREAD__
#define SANITIZER_THREAD 1
#endif

#if defined(SANITIZER_ADDRESS) || defined(SANITIZER_THREAD)
#define SANITIZER_BUILT_IN 1
#else
#define SANITIZER_BUILT_IN 0
#endif

#ifdef SANITIZER_ADDRESS
#include <sanitizer/lsan_interface.h>
#endif

/* Ends the process with a report and a failure status if memory was leaked. */
static inline void sanitizer_check_leaks(void)
{
#ifdef SANITIZER_ADDRESS
    __lsan_do_leak_check();
#endif
}

#endif
