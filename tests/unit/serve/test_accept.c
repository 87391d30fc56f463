/* SPDX-License-Identifier: MIT */
#include "serve/accept.h"

#include <criterion/criterion.h>
#include <errno.h>

/* accept(2): "pending network errors" are those of the client that was not accepted. */
Test(accept, what_befell_a_client_is_not_the_next_ones_fault)
{
    static const int errors[] = {EINTR,     ECONNABORTED, EPERM,        ENETDOWN,   EPROTO,      ENOPROTOOPT,
                                 EHOSTDOWN, ENONET,       EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, ETIMEDOUT};

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        cr_expect_eq(accept_judge(errors[i]), ACCEPT_NEXT, "error %d", errors[i]);
}

/* ENOMEM and EIO were tried again at once, for ever. */
Test(accept, what_would_come_again_pauses)
{
    static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EIO, EBADF, ENOTSOCK, 0, 4095};

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        cr_expect_eq(accept_judge(errors[i]), ACCEPT_PAUSE, "error %d", errors[i]);
}

Test(accept, an_empty_queue_and_a_socket_that_was_shut_are_no_errors)
{
    cr_assert_eq(accept_judge(EAGAIN), ACCEPT_EMPTY);
    cr_assert_eq(accept_judge(EINVAL), ACCEPT_SHUT);
}
