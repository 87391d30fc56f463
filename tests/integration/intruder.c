/* SPDX-License-Identifier: MIT */
/* A library to preload that plays a worker that somebody has taken over. What to do stands in a file that
 * test and processes map. The worker that is named there does it when the next client comes, and writes down
 * the errno of each attempt, 0 for one that succeeded. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum order { NOTHING, TRY, SCRIBBLE, ABORT };

/* As intruder.py packs it. */
struct control {
    _Atomic int32_t order;
    _Atomic int32_t victim; /* pid of the worker that is to do it */
    _Atomic int32_t done;
    int32_t master, other, port;
    char directory[104];
    int32_t pattern; /* a byte to scribble with; below 0: noise */
    int32_t ranges;
    uint64_t range[64][2];
    char result[2048];
};

static struct control *control;

__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv("INTRUDER_CONTROL");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *memory = fd < 0 ? MAP_FAILED : mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (memory != MAP_FAILED)
        control = memory;
    if (fd >= 0)
        close(fd);
}

static void note(const char *name, long result)
{
    size_t used = strlen(control->result);

    snprintf(control->result + used, sizeof(control->result) - used, "%s=%d\n", name, result < 0 ? errno : 0);
}

static const char *path_in(const char *name)
{
    static char path[160];

    snprintf(path, sizeof(path), "%s/%s", control->directory, name);
    return path;
}

static void try_files(void)
{
    char *const arguments[] = {"none", NULL};

    note("exec", execve("/nonexistent", arguments, environ));
    note("read", open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    note("list", open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    note("write", open(path_in("intruder"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    note("unlink", unlink(path_in("intruder")));
    note("mkdir", mkdir(path_in("intruder.d"), 0700));
    note("memfd", memfd_create("intruder", MFD_CLOEXEC));
}

static void try_sockets(int listener)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
                       there = here;
    struct sockaddr_un service = {.sun_family = AF_UNIX};
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), local;
    ssize_t sent;

    there.sin_port = htons((uint16_t)control->port);
    snprintf(service.sun_path, sizeof(service.sun_path), "%.90s/control.sock", control->directory);
    note("tcp", tcp);
    note("bind", bind(tcp < 0 ? listener : tcp, (struct sockaddr *)&here, sizeof(here)));
    note("connect", connect(tcp < 0 ? listener : tcp, (struct sockaddr *)&there, sizeof(there)));
    local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    note("local", local);
    note("control", connect(local < 0 ? listener : local, (struct sockaddr *)&service, sizeof(service)));
    note("netlink", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
    note("packet", socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    note("journal", socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    close(tcp);
    close(local);
    /* A listening socket that is shut down can connect without connect(2). */
    shutdown(listener, SHUT_RDWR);
    sent = sendto(listener, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&there, sizeof(there));
    note("fastopen", sent < 0 && errno == EINPROGRESS ? 0 : sent);
}

static void try_processes(void)
{
    char byte;
    struct iovec own = {&byte, 1}, its = {control, 1};
    struct rlimit limit;
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

    if (child == 0)
        _exit(0);
    note("fork", child);
    if (child > 0)
        waitpid(child, NULL, 0);
    note("ptrace", ptrace(PTRACE_SEIZE, control->master, NULL, NULL));
    note("peek", process_vm_readv(control->master, &own, 1, &its, 1, 0));
    note("kill-master", kill(control->master, 0));
    note("kill-other", kill(control->other, 0));
    note("tgkill-master", syscall(SYS_tgkill, control->master, control->master, 0));
    note("tgkill-other", syscall(SYS_tgkill, control->other, control->other, 0));
    note("pidfd", syscall(SYS_pidfd_open, control->other, 0));
    note("limit", prlimit(control->other, RLIMIT_NOFILE, NULL, &limit));
}

static void try_kernel(void)
{
    void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    note("code", code == MAP_FAILED ? -1 : 0);
    note("unshare", unshare(CLONE_FS));
    note("io_uring", syscall(SYS_io_uring_setup, 0, NULL) < 0 && errno == EPERM ? -1 : 0);
    note("bpf", syscall(SYS_bpf, 0, NULL, 0) < 0 && errno == EINVAL ? 0 : -1);
}

static void scribble(void)
{
    for (int32_t i = 0; i < control->ranges; i++) {
        unsigned char *memory = (unsigned char *)(uintptr_t)control->range[i][0]; // NOLINT
        uint32_t noise = 12345;

        for (uint64_t k = 0; k < control->range[i][1]; k++) {
            noise = noise * 1664525 + 1013904223;
            memory[k] = (unsigned char)(control->pattern < 0 ? noise >> 24 : (uint32_t)control->pattern);
        }
    }
}

static void obey(int listener)
{
    int order = atomic_exchange(&control->order, NOTHING);

    if (order == TRY) {
        try_files();
        try_sockets(listener);
        try_processes();
        try_kernel();
    } else if (order == SCRIBBLE) {
        scribble();
    }
    if (order != NOTHING)
        atomic_store(&control->done, 1);
    if (order == ABORT)
        abort();
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    __typeof__(&accept4) real = (__typeof__(&accept4))dlsym(RTLD_NEXT, "accept4");

    if (control && atomic_load(&control->victim) == getpid())
        obey(fd);
    return real(fd, address, length, flags);
}
