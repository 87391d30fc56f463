/* SPDX-License-Identifier: MIT */
#include "serve/conn.h"

#include <criterion/criterion.h>

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

Test(conn, nothing_is_left_of_the_one_before)
{
    static const struct conn blank = {.fd = -1};
    struct conn_pool pool;
    struct conn *conn;

    cr_assert_eq(conn_pool_open(&pool, 1), 0);
    conn = conn_new(&pool);
    conn->fd = 5;
    conn->set_aside = conn->watched = conn->peer_ended = conn->deaf = true;
    conn->sent = conn->discarded = 7;
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
