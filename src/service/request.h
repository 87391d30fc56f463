/* SPDX-License-Identifier: MIT */
/* request: what a client asked for, where the service of its listener waits to be asked. */
#ifndef SOCKGREET_REQUEST_H
#define SOCKGREET_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#define REQUEST_MAX (8 * 1024) /* bytes that are read of one */

enum request_kind {
    REQUEST_GOOD,  /* also where nobody needs to ask */
    REQUEST_PART,  /* more has to come */
    REQUEST_BAD,   /* answered with an error */
    REQUEST_NONE,  /* none, or not all of one in time */
    REQUEST_TLS,   /* other protocols, answered in their own words */
    REQUEST_HTTP2, /* likewise */
    REQUEST_KINDS
};

/* Whether more may come; where it may not, a part has to be answered for what it is. */
enum request_input {
    REQUEST_OPEN,  /* it may */
    REQUEST_ENDED, /* the client's end of file came */
    REQUEST_LATE,  /* the time is up */
    REQUEST_FULL   /* REQUEST_MAX bytes came */
};

_Static_assert(REQUEST_MAX <= UINT16_MAX, "the length of what is read");

/* What is kept of a request until it is answered. */
struct service_request {
    uint8_t kind;    /* enum request_kind */
    uint8_t verdict; /* enum http_verdict */
    uint8_t page;    /* what is asked for, in the service's own count */
    bool is_head : 1;
    bool as_json : 1;
    bool as_openmetrics : 1;
    uint16_t length; /* bytes that came before the answer */
};

#endif
