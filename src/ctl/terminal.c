/* SPDX-License-Identifier: MIT */
#include "ctl/terminal.h"

#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* The alternate screen, without a cursor; and back. */
#define ENTER "\033[?1049h\033[?25l\033[2J"
#define LEAVE "\033[m\033[?25h\033[?1049l"

#define CONTROL_D 4

/* State that signal handlers use. They are blocked while it changes. */
static struct {
    int out;
    int in;                  /* -1: no keys */
    struct termios original; /* the mode in which the terminal was */
    sigset_t handled;
    sigset_t waiting; /* the signals that are blocked while waiting */
    volatile sig_atomic_t entered;
} terminal = {.out = -1, .in = -1};

/* --- leaving --- */

/* Output that a full terminal does not accept is for a screen that is about to disappear. */
static void write_leave(void)
{
    if (write(terminal.out, LEAVE, strlen(LEAVE)) >= 0 || errno != EAGAIN)
        return;
    tcflush(terminal.out, TCOFLUSH);
    if (write(terminal.out, LEAVE, strlen(LEAVE)) < 0)
        return; /* nothing more can be done */
}

/* With every signal blocked: SIGTTOU would stop a background process. */
static void leave(void)
{
    if (!terminal.entered)
        return;
    terminal.entered = false;
    write_leave();
    tcsetattr(terminal.out, TCSANOW, &terminal.original);
}

void terminal_close(void)
{
    sigset_t all, before;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    leave();
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* --- signals: handlers act at once, since the program may be waiting for a service that does not answer
 * --- */

/* Restores a signal's default action and raises it, while every other one is blocked. */
static void raise_default(int number)
{
    struct sigaction ours, standard = {.sa_handler = SIG_DFL};
    sigset_t one, before;

    sigemptyset(&one);
    sigaddset(&one, number);
    sigaction(number, &standard, &ours);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &one, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigaction(number, &ours, NULL);
}

static void forget(int number)
{
    struct sigaction ours, ignored = {.sa_handler = SIG_IGN};

    sigaction(number, &ignored, &ours);
    sigaction(number, &ours, NULL);
}

/* SIGTSTP returns from here when the program continues; the screen is then entered again, once. */
static void on_end(int number)
{
    int saved = errno;

    leave();
    if (number == SIGINT)
        _exit(EXIT_SUCCESS);
    raise_default(number);
    forget(SIGCONT);
    errno = saved;
}

/* Other programs may have used the terminal meanwhile; the size is read for each frame anyway. */
static void on_change(int number)
{
    if (number == SIGCONT)
        terminal.entered = false;
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    sigfillset(&action.sa_mask);
    sigaction(number, &action, NULL);
    sigaddset(&terminal.handled, number);
}

static void handle_signals(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGTSTP};
    sigset_t changes;

    sigemptyset(&terminal.handled);
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        handle(ends[i], on_end);
    handle(SIGWINCH, on_change);
    handle(SIGCONT, on_change);
    sigemptyset(&changes);
    sigaddset(&changes, SIGWINCH);
    sigaddset(&changes, SIGCONT);
    sigprocmask(SIG_BLOCK, &changes, &terminal.waiting);
}

/* --- opening --- */

static bool is_screen(void)
{
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

/* A file description of its own is non-blocking without affecting other programs. If the terminal belongs to
 * another user, as after su(1), the inherited one is used. */
static void open_descriptors(void)
{
    const char *name = ttyname(STDOUT_FILENO);
    int fd = name ? open(name, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;

    terminal.out = fd >= 0 ? fd : STDOUT_FILENO;
    terminal.in = fd >= 0 ? fd : isatty(STDIN_FILENO) ? STDIN_FILENO : -1;
}

bool terminal_open(void)
{
    if (!is_screen())
        return false;
    open_descriptors();
    if (tcgetattr(terminal.out, &terminal.original) < 0)
        return false;
    atexit(terminal_close);
    handle_signals();
    return true;
}

bool terminal_size(size_t *columns, size_t *lines)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
        return false;
    *columns = size.ws_col;
    *lines = size.ws_row;
    return true;
}

/* --- drawing --- */

/* Writes all of it, and handles signals while the terminal is full. Returns 0 or -errno; -EINTR if the
 * terminal is not ours any longer. */
static int write_all(const char *text, size_t size)
{
    struct pollfd writable = {.fd = terminal.out, .events = POLLOUT};

    while (size > 0) {
        ssize_t n = write(terminal.out, text, size);

        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        text += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
        if (size > 0)
            ppoll(&writable, 1, NULL, &terminal.waiting);
        if (!terminal.entered)
            return -EINTR;
    }
    return 0;
}

/* Keys arrive at once and are not echoed, and output is not processed; keys that raise signals still do. A
 * background process stops here until it has the terminal. */
static int enter(void)
{
    struct termios mode = terminal.original;

    if (terminal.entered)
        return 0;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    mode.c_iflag &= ~(tcflag_t)IXON;
    mode.c_oflag &= ~(tcflag_t)OPOST;
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    while (tcsetattr(terminal.out, TCSANOW, &mode) < 0)
        if (errno != EINTR)
            return -errno;
    terminal.entered = true;
    return write_all(ENTER, strlen(ENTER));
}

int terminal_draw(const char *text, size_t size)
{
    sigset_t before;
    int error;

    sigprocmask(SIG_BLOCK, &terminal.handled, &before);
    error = enter();
    if (error == 0)
        error = write_all(text, size);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return error == -EINTR ? 0 : error;
}

/* --- waiting --- */

/* Waits for a key. Returns as poll(2), and -1 also if the screen is to be entered again. No signal is missed
 * between two waits, since signals are handled only while it sleeps. */
static int wait_key(int64_t until_ns)
{
    struct pollfd readable = {.fd = terminal.in, .events = POLLIN};
    int64_t left = until_ns - monotonic_ns();
    struct timespec wait = {0};
    sigset_t before;
    int ready = -1;

    if (left > 0)
        wait = (struct timespec){.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S};
    sigprocmask(SIG_BLOCK, &terminal.handled, &before);
    if (terminal.entered)
        ready = ppoll(&readable, 1, &wait, &terminal.waiting);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return ready;
}

/* Returns whether the key has a meaning. */
static bool read_key(enum terminal_event *event)
{
    char key;
    ssize_t n = read(terminal.in, &key, 1);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    *event = n > 0 && key == ' ' ? TERMINAL_DRAW : TERMINAL_END;
    return n <= 0 || key == ' ' || key == 'q' || key == 'Q' || key == CONTROL_D;
}

enum terminal_event terminal_wait(int64_t until_ns)
{
    for (;;) {
        enum terminal_event event;
        int ready = wait_key(until_ns);

        if (ready < 0)
            return TERMINAL_CHANGED;
        if (ready == 0)
            return TERMINAL_TIME;
        if (read_key(&event))
            return event;
    }
}
