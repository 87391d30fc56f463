/* SPDX-License-Identifier: MIT */
/* The steps of a stream client, one call at a time: what each says about a client's socket. */
#include "fixtures.h"
#include "serve/steps.h"

#define LARGE (1024 * 1024)

/* A client in the server's hands, and its own end. */
struct pair {
    struct fixture f;
    struct conn *conn;
    int client;
    struct step_outcome outcome;
};

static char large[LARGE];

static void pair_open(struct pair *pair, size_t length, bool is_constant)
{
    int fds[2];

    memset(pair, 0, sizeof(*pair));
    memset(large, 'x', sizeof(large));
    fixture_prepare(&pair->f);
    fixture_greet_with(&pair->f, large, length, is_constant);
    fixture_open(&pair->f);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    pair->conn = conn_new(&pair->f.stream.pool);
    pair->conn->copies = &pair->f.stream.copies;
    pair->conn->acceptor = pair->f.acceptor;
    pair->conn->stage = pair->f.acceptor->stages;
    pair->conn->fd = fds[0];
    pair->client = fds[1];
    account_taken(&pair->f.acceptor->clients, 1);
}

static void pair_close(struct pair *pair)
{
    fixture_close(&pair->f);
    if (pair->client >= 0)
        close(pair->client);
}

static enum step_verdict enter(struct pair *pair, const struct step *step)
{
    return step->enter(pair->conn, &pair->outcome);
}

static enum step_verdict ready(struct pair *pair, const struct step *step, uint32_t events)
{
    return step->ready(pair->conn, events, &pair->outcome);
}

/* --- The greeting --- */

Test(greet, a_small_greeting_is_sent_at_once)
{
    struct pair pair;

    pair_open(&pair, 26, true);
    cr_assert_eq(enter(&pair, &step_greet), STEP_NEXT);
    cr_assert_eq(pair.conn->sent, 26);
    cr_assert_eq(fixture_read(pair.client, LARGE), 26);
    pair_close(&pair);
}

Test(greet, an_empty_greeting_is_sent_as_well)
{
    struct pair pair;

    pair_open(&pair, 0, true);
    cr_assert_eq(enter(&pair, &step_greet), STEP_NEXT);
    cr_assert_eq(pair.conn->sent, 0);
    pair_close(&pair);
}

static void send_large(bool is_constant)
{
    struct pair pair;
    size_t length;

    pair_open(&pair, LARGE, is_constant);
    cr_assert_eq(enter(&pair, &step_greet), STEP_WAIT);
    cr_assert_eq(pair.outcome.events, EPOLLIN | EPOLLOUT);
    cr_assert_eq(pair.conn->copy != NULL, !is_constant);
    cr_assert_eq(pair.f.stream.copies.copied, is_constant ? 0 : LARGE - pair.conn->sent);
    if (!is_constant)
        memset(pair.f.render.buffer, 'y', LARGE); /* the next client's */
    length = fixture_read(pair.client, LARGE);
    while (ready(&pair, &step_greet, EPOLLOUT) == STEP_WAIT)
        length += fixture_read(pair.client, LARGE);
    length += fixture_read(pair.client, LARGE);
    cr_assert_eq(length, LARGE);
    cr_assert_eq(pair.conn->sent, LARGE);
    cr_assert_null(pair.conn->copy);
    cr_assert_eq(pair.f.stream.copies.copied, 0);
    pair_close(&pair);
}

Test(greet, a_large_greeting_waits_for_its_reader)
{
    send_large(true);
}

Test(greet, a_large_rendered_greeting_is_kept_for_its_reader)
{
    send_large(false);
}

Test(greet, to_wait_is_no_progress)
{
    struct pair pair;

    pair_open(&pair, LARGE, true);
    cr_assert_eq(enter(&pair, &step_greet), STEP_WAIT);
    cr_assert_eq(ready(&pair, &step_greet, EPOLLOUT), STEP_STAY);
    fixture_say(pair.client);
    cr_assert_eq(ready(&pair, &step_greet, EPOLLIN), STEP_STAY, "to talk is none either");
    cr_assert_eq(pair.outcome.events, EPOLLIN | EPOLLOUT);
    pair_close(&pair);
}

/* Its end of file makes the socket readable for ever: the thread would not sleep again. */
Test(greet, a_client_that_has_ended_is_not_listened_to)
{
    struct pair pair;

    pair_open(&pair, LARGE, true);
    cr_assert_eq(enter(&pair, &step_greet), STEP_WAIT);
    cr_assert_eq(shutdown(pair.client, SHUT_WR), 0);
    cr_assert_eq(ready(&pair, &step_greet, EPOLLIN), STEP_STAY);
    cr_assert_eq(pair.outcome.events, EPOLLOUT);
    cr_assert(pair.conn->peer_ended);
    cr_assert_eq(enter(&pair, &step_linger), STEP_NEXT, "nobody waits for an end that has come");
    pair_close(&pair);
}

Test(greet, a_client_that_talks_too_much_is_not_listened_to)
{
    struct pair pair;
    size_t sent = 0;

    pair_open(&pair, LARGE, true);
    cr_assert_eq(enter(&pair, &step_greet), STEP_WAIT);
    while (!pair.conn->input_full) {
        static const char words[8192];
        ssize_t n = send(pair.client, words, sizeof(words), MSG_NOSIGNAL);

        cr_assert_gt(n, 0);
        sent += (size_t)n;
        cr_assert_eq(ready(&pair, &step_greet, EPOLLIN), STEP_STAY);
    }
    cr_assert_gt(sent, 64 * 1024);
    cr_assert_eq(pair.outcome.events, EPOLLOUT);
    cr_assert_eq(enter(&pair, &step_linger), STEP_END);
    pair_close(&pair);
}

Test(greet, a_client_that_breaks_off_is_done_with)
{
    struct pair pair;

    pair_open(&pair, LARGE, true);
    cr_assert_eq(enter(&pair, &step_greet), STEP_WAIT);
    close_fd(&pair.client); /* with all of it unread */
    cr_assert_eq(ready(&pair, &step_greet, EPOLLIN | EPOLLOUT | EPOLLHUP), STEP_END);
    cr_assert_eq(pair.outcome.result, RESULT_RESET);
    pair_close(&pair);
}

Test(greet, who_is_given_up_has_timed_out)
{
    struct pair pair;

    pair_open(&pair, LARGE, true);
    cr_assert_eq(step_greet.give_up(pair.conn), RESULT_TIMED_OUT);
    cr_assert_not(step_greet.patient);
    pair_close(&pair);
}

/* --- Lingering --- */

Test(linger, ends_our_side_and_looks_again_later)
{
    struct pair pair;
    char byte;

    pair_open(&pair, 6, true);
    cr_assert_eq(enter(&pair, &step_linger), STEP_LATER);
    cr_assert_eq(recv(pair.client, &byte, 1, 0), 0);
    cr_assert(step_linger.patient);
    pair_close(&pair);
}

Test(linger, waits_for_the_clients_end)
{
    struct pair pair;

    pair_open(&pair, 6, true);
    cr_assert_eq(ready(&pair, &step_linger, 0), STEP_STAY);
    cr_assert_eq(pair.outcome.events, EPOLLIN);
    fixture_say(pair.client);
    cr_assert_eq(ready(&pair, &step_linger, EPOLLIN), STEP_WAIT);
    cr_assert_eq(pair.conn->discarded, 1);
    cr_assert_eq(ready(&pair, &step_linger, EPOLLIN), STEP_STAY);
    fixture_say(pair.client);
    cr_assert_eq(shutdown(pair.client, SHUT_WR), 0);
    cr_assert_eq(ready(&pair, &step_linger, EPOLLIN), STEP_NEXT);
    cr_assert_eq(pair.conn->discarded, 2);
    pair_close(&pair);
}

Test(linger, ends_with_a_client_that_breaks_off)
{
    struct pair pair;

    pair_open(&pair, 6, true);
    cr_assert_eq(enter(&pair, &step_greet), STEP_NEXT);
    close_fd(&pair.client); /* without having read its greeting */
    cr_assert_eq(ready(&pair, &step_linger, EPOLLIN | EPOLLHUP), STEP_END);
    cr_assert_eq(pair.outcome.result, RESULT_RESET);
    pair_close(&pair);
}

static enum step_verdict talk(struct pair *pair, size_t bytes)
{
    static const char words[8192];
    enum step_verdict verdict = STEP_STAY;

    for (size_t sent = 0; sent < bytes; sent += sizeof(words)) {
        cr_assert_eq(send(pair->client, words, sizeof(words), MSG_NOSIGNAL), (ssize_t)sizeof(words));
        verdict = ready(pair, &step_linger, EPOLLIN);
    }
    return verdict;
}

Test(linger, ends_with_a_client_that_talks_too_much)
{
    struct pair pair;

    pair_open(&pair, 6, true);
    cr_assert_eq(talk(&pair, 64 * 1024), STEP_WAIT);
    fixture_say(pair.client);
    cr_assert_eq(ready(&pair, &step_linger, EPOLLIN), STEP_END);
    cr_assert_eq(pair.outcome.result, RESULT_SENT);
    pair_close(&pair);
}

/* What the client's side has not taken, the close may destroy: that is not a greeting sent. */
Test(linger, counts_a_greeting_that_was_not_taken_as_timed_out)
{
    struct pair pair;

    pair_open(&pair, 6, true);
    cr_assert_eq(enter(&pair, &step_greet), STEP_NEXT);
    cr_assert_eq(step_linger.give_up(pair.conn), RESULT_TIMED_OUT);
    cr_assert_eq(fixture_read(pair.client, 6), 6);
    cr_assert_eq(step_linger.give_up(pair.conn), RESULT_SENT);
    pair_close(&pair);
}
