/* SPDX-License-Identifier: MIT */
#include "serve/conn.h"

#include <criterion/criterion.h>
#include <sys/mman.h>
#include <unistd.h>

Test(conn, a_pool_has_room_for_so_many)
{
    struct conn_pool pool;
    struct conn *conns[3];

    cr_assert_eq(conn_pool_open(&pool, 3), 0);
    for (int i = 0; i < 3; i++) {
        conns[i] = conn_new(&pool);
        cr_assert_not_null(conns[i]);
        cr_assert_eq(conns[i]->fd, -1);
    }
    cr_assert_eq(pool.active, 3);
    cr_assert_null(conn_new(&pool));
    conn_free(&pool, conns[1]);
    cr_assert_eq(pool.active, 2);
    cr_assert_eq(conn_new(&pool), conns[1]);
    cr_assert_null(conn_new(&pool));
    conn_pool_close(&pool);
}

Test(conn, a_pool_without_room_gives_nothing)
{
    struct conn_pool pool;

    cr_assert_eq(conn_pool_open(&pool, 0), 0);
    cr_assert_null(conn_new(&pool));
    conn_pool_close(&pool);
}

/* Memory is touched only as far as clients were there at once. */
Test(conn, the_same_place_is_used_again)
{
    struct conn_pool pool;

    cr_assert_eq(conn_pool_open(&pool, 1000), 0);
    for (int i = 0; i < 100; i++)
        conn_free(&pool, conn_new(&pool));
    cr_assert_eq(pool.touched, 1);
    conn_pool_close(&pool);
}

/* Pages of the pool that take memory. */
static unsigned pages_in_use(const struct conn_pool *pool)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE), count = pool->room * sizeof(struct conn) / size;
    unsigned char in_use[64];
    unsigned sum = 0;

    cr_assert_leq(count, sizeof(in_use));
    cr_assert_eq(mincore(pool->all, count * size, in_use), 0);
    for (size_t i = 0; i < count; i++)
        sum += in_use[i] & 1;
    return sum;
}

/* The memory of the largest crowd that there ever was stayed for good. */
Test(conn, memory_is_given_back_when_a_crowd_has_gone)
{
    struct conn_pool pool;
    struct conn *conns[500];

    cr_assert_eq(conn_pool_open(&pool, 512), 0);
    for (int i = 0; i < 500; i++)
        conns[i] = conn_new(&pool);
    for (int i = 1; i < 500; i++)
        conn_free(&pool, conns[i]);
    conn_pool_trim(&pool);
    cr_assert_gt(pages_in_use(&pool), 0, "somebody is there yet");
    conn_free(&pool, conns[0]);
    conn_pool_trim(&pool);
    cr_assert_eq(pages_in_use(&pool), 0);
    for (int i = 0; i < 512; i++)
        cr_assert_not_null(conn_new(&pool));
    cr_assert_null(conn_new(&pool));
    conn_pool_close(&pool);
}

Test(conn, a_few_clients_memory_is_kept)
{
    struct conn_pool pool;

    cr_assert_eq(conn_pool_open(&pool, 512), 0);
    conn_free(&pool, conn_new(&pool));
    conn_pool_trim(&pool);
    cr_assert_eq(pool.touched, 1);
    conn_pool_close(&pool);
}

Test(conn, nothing_is_left_of_the_one_before)
{
    static const struct conn blank = {.fd = -1};
    struct conn_pool pool;
    struct conn *conn;

    cr_assert_eq(conn_pool_open(&pool, 1), 0);
    conn = conn_new(&pool);
    conn->fd = 5;
    conn->is_deferred = conn->peer_ended = conn->input_full = conn->for_itself = true;
    conn->held = 7;
    conn->sent = conn->discarded = conn->watched = 7;
    conn->peer.via.family = AF_INET;
    conn_free(&pool, conn);
    cr_assert_eq(conn->fd, -1, "a late event finds nobody");
    conn = conn_new(&pool);
    cr_assert_arr_eq(conn, &blank, sizeof(blank));
    conn_pool_close(&pool);
}

Test(conn, those_before_an_epoch_are_counted_until_they_leave)
{
    struct conn_pool pool;
    struct conn *old[2], *new;

    cr_assert_eq(conn_pool_open(&pool, 4), 0);
    old[0] = conn_new(&pool);
    old[1] = conn_new(&pool);
    cr_assert_eq(pool.old, 0);
    conn_pool_begin_epoch(&pool);
    cr_assert_eq(pool.old, 2);
    new = conn_new(&pool);
    cr_assert_eq(pool.old, 2);
    conn_free(&pool, new);
    cr_assert_eq(pool.old, 2);
    conn_free(&pool, old[0]);
    cr_assert_eq(pool.old, 1);
    new = conn_new(&pool); /* in the old one's place */
    cr_assert_eq(new, old[0]);
    conn_free(&pool, new);
    cr_assert_eq(pool.old, 1);
    conn_free(&pool, old[1]);
    cr_assert_eq(pool.old, 0);
    cr_assert_eq(pool.active, 0);
    conn_pool_close(&pool);
}
