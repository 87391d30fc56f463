/* SPDX-License-Identifier: MIT */
/* request: a client's request, for services that read one. */
#ifndef SOCKGREET_REQUEST_H
#define SOCKGREET_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#define REQUEST_MAX (8 * 1024) /* bytes */

enum request_kind {
    REQUEST_GOOD,  /* also if the service does not read requests */
    REQUEST_PART,  /* incomplete */
    REQUEST_BAD,   /* answered with an error */
    REQUEST_NONE,  /* none, or not complete in time */
    REQUEST_TLS,   /* a TLS handshake, answered with an alert */
    REQUEST_HTTP2, /* an HTTP/2 preface, answered with a GOAWAY frame */
    REQUEST_KINDS
};

/* Whether more bytes may come. If not, an incomplete request is answered as it is. */
enum request_input {
    REQUEST_OPEN,  /* they may */
    REQUEST_ENDED, /* the client's end of file came */
    REQUEST_LATE,  /* the time is up */
    REQUEST_FULL   /* REQUEST_MAX bytes came */
};

_Static_assert(REQUEST_MAX <= UINT16_MAX, "a length fits into uint16_t");

/* What is stored of a request until it is answered. */
struct service_request {
    uint8_t kind;    /* enum request_kind */
    uint8_t verdict; /* enum http_verdict */
    uint8_t page;    /* an enum of the service */
    bool is_head : 1;
    bool as_json : 1;
    bool as_openmetrics : 1;
    uint16_t length; /* bytes received before the answer */
};

#endif
