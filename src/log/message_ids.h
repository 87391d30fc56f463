/* SPDX-License-Identifier: MIT */
/* message_ids: a MESSAGE_ID for each kind of journal entry; systemd/sockgreet.catalog explains them. */
#ifndef SOCKGREET_MESSAGE_IDS_H
#define SOCKGREET_MESSAGE_IDS_H

/* A client was greeted or refused. */
#define MESSAGE_GREETED "628f6245a59e418ebee2d5c4d7c5de0b"

/* Greetings that were counted instead of logged one by one. */
#define MESSAGE_SUMMARY "37f5cf77321241f6b301c2b117cb3fd6"

/* Records that the log did not accept. */
#define MESSAGE_DROPPED "73f1938080f543db8dcc39443a262abb"

/* Messages about the service that the log did not accept. */
#define MESSAGE_EVENTS_LOST "79d45ec2ce1e4afca1bd8c91abcdcde1"

/* Every worker is serving. */
#define MESSAGE_STARTED "d82dc5152aa644a1b5bc9373306e583a"

/* No more clients are accepted; connected ones are served. */
#define MESSAGE_STOPPING "89bdd762a66045c9b92d1ffb2e31c04d"

/* The service has ended. */
#define MESSAGE_STOPPED "27db6bcd913d43e28e38847ddd7729f9"

/* A worker ended unexpectedly. */
#define MESSAGE_WORKER_DIED "987f4cb9ec464d958b3a340dbb69e9f2"

/* A worker died too soon and is started again after a pause. */
#define MESSAGE_WORKER_BACKOFF "bc48ea550a544c5697cfca93ca8a3cab"

/* The configuration has errors. */
#define MESSAGE_CONFIGURATION_REFUSED "3bfa89111f3742dcac5e6c2af5aba1b0"

/* Descriptors or memory ran out, or the limit of connections is reached. */
#define MESSAGE_ACCEPT_PAUSED "fdd518421b004733aeddf08741535234"

/* The limit of connections is lower than planned. */
#define MESSAGE_LIMIT_LOWERED "ace8f43791224a639fadeebaf5f5896a"

/* A listener could not be set up, or failed later. */
#define MESSAGE_LISTENER_FAILED "549a75ade184460dbea71da5b45d9c04"

/* Clients whose worker was killed while it served them. */
#define MESSAGE_ABANDONED "363c88bab92142f9af1dbaf608062386"

/* A reload succeeded. */
#define MESSAGE_RELOADED "001bfdba9c534732846d9305fad95482"

/* A new binary takes over, or could not. */
#define MESSAGE_UPGRADE "c85dc39bba1a41ea8901696f7f739d05"

/* The readiness of the service has changed: ready, drain or maint. */
#define MESSAGE_STATE "7a3dd0064c8f4b9cae47fc40b0e01842"

/* Clients that were over a limit. */
#define MESSAGE_REFUSED "149c1c71dfa94437a366216dd66c97c5"

/* The counters, on SIGUSR1. */
#define MESSAGE_COUNTERS "d4d0a4e66e564d41aacaea9734c69093"

#endif
