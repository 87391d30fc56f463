/* SPDX-License-Identifier: MIT */
/* The master's control socket. The input is the state of the service: numbers, then texts, each ended by a
 * NUL; the rest is what a client sends, in pieces that end with a byte of 0xff each. Whatever it is, the
 * answer is one JSON object on one line, and the connection is over in the end. */
#include "base/util.h"
#include "load.h"
#include "log/log.h"
#include "master/control_server.h"
#include "master/requests.h"

#include <jansson.h>
#include <sys/stat.h>

#define ANSWER_MAX (1 << 20)
#define TIME_MOST  (INT64_C(1) << 60)
#define TEXTS      6
#define DIRECTORY  "/tmp/sockgreet-fuzz-XXXXXX"
#define TURNS_MOST 1000

static const char text[] = "greeting = \"caf\\xc3\\xa9 \\xff\\x01${client_address}\\r\\n\";\n"
                           "workers = { processes = 2; threads = 1; };\n"
                           "listeners = { here = { type = \"tcp\"; address = \"127.0.0.1\"; port = 7; };\n"
                           "there = { type = \"unix\"; path = \"/run/x y.sock\"; }; };\n";

/* A service of one generation. */
static struct fuzzed {
    const struct conf *conf;
    struct socket sockets[2];
    struct sockets_member members[2];
    struct generation generation;
    struct generations generations;
    struct failure failure;
    struct readiness readiness;
    struct view view;
    char *texts[TEXTS];
    unsigned ticket; /* of a reload that was asked for; 0: none was */
} service;

static struct conf_report report;

/* --- A state --- */

static int64_t read_time(struct input *input)
{
    return (int64_t)(input_number(input, 8) % (uint64_t)TIME_MOST);
}

static void read_worker(struct input *input, unsigned index)
{
    struct slot *slot = &service.generation.slots.table[index];
    unsigned flags = (unsigned)input_number(input, 1);
    struct stats_listener *counters = &shared_listeners(&service.generation.shared, index, 0)[index];

    slot->child.pid = flags & 1 ? 1000 + (pid_t)index : 0;
    slot->ready = flags & 2;
    slot->started_at = slot->ready_at = read_time(input);
    slot->start_at = flags & 4 ? SLOT_NEVER : read_time(input);
    slot->starts = (unsigned)input_number(input, 4);
    snprintf(slot->last_exit, sizeof(slot->last_exit), "%s", service.texts[index]);
    for (size_t i = 0; i < RESULT_COUNT; i++) /* which a worker can write as it likes */
        atomic_store(&counters->results[i], input_number(input, 8));
    atomic_store(&shared_counted(&service.generation.shared, index, 0)[index], true);
}

static void read_socket(struct input *input, unsigned index)
{
    struct socket *socket = &service.sockets[index];

    socket->transport = service.conf->listeners[index].transport;
    socket->address = service.conf->listeners[index].endpoints[0].address;
    socket->broken = input_number(input, 1) & 1;
    snprintf(socket->interface_name, sizeof(socket->interface_name), "%s", service.texts[index]);
    service.members[index] = (struct sockets_member){
        .socket = socket, .conf = &service.conf->listeners[index], .listener = (uint16_t)index};
}

static void read_texts(struct input *input)
{
    for (size_t i = 0; i < TEXTS; i++)
        service.texts[i] = input_text(input, 256);
}

/* It is made of what is there already, so that older inputs mean what they meant. */
static void make_readiness(unsigned flags)
{
    struct readiness *readiness = &service.readiness;

    *readiness = (struct readiness){.set = STATE_DEFAULT,
                                    .state = {.word = flags % STATE_WORD_COUNT, .weight = flags},
                                    .origin = flags % (READINESS_STOP + 1),
                                    .since = service.failure.at};
    state_set_reason(&readiness->state, service.texts[3]);
    message_set(&readiness->unkept, "%s", service.texts[4]);
}

static void read_view(struct input *input)
{
    unsigned flags = (unsigned)input_number(input, 1);
    double rate;

    input_bytes(input, &rate, sizeof(rate));
    read_texts(input);
    service.failure.kind = flags >> 3 & 3;
    service.failure.at = read_time(input);
    snprintf(service.failure.text, sizeof(service.failure.text), "%s", service.texts[2]);
    service.view = (struct view){.state = flags % (SERVICE_REPLACED + 1),
                                 .state_since = read_time(input),
                                 .started_at = read_time(input),
                                 .realtime = read_time(input),
                                 .generations = &service.generations,
                                 .failure = &service.failure,
                                 .readiness = &service.readiness,
                                 .rate = rate,
                                 .waiting = service.texts[3],
                                 .degraded = service.texts[4],
                                 .unwanted = service.texts[5]};
    service.view.last_reload = (struct last_reload){.at = service.failure.at, .code = flags & 1};
    message_set(&service.view.last_reload.reason, "%s", service.texts[2]);
    make_readiness(flags);
    service.generations.serving = flags & 0x20 ? NULL : &service.generation;
    service.generation.state = flags & 0x40 ? GENERATION_DRAINING : GENERATION_SERVING;
}

/* Once; what an input sets is set by each. */
static void open_generation(void)
{
    static struct arena arena;
    static uint16_t rows[2];
    struct generation *generation = &service.generation;
    const struct shared_room room = {.workers = 2, .threads = 1, .listeners = 2, .sockets = 2};

    if (service.conf)
        return;
    arena = room_open();
    service.conf = load_text(text, strlen(text), &arena, &report);
    FUZZ_CHECK(service.conf);
    *generation = (struct generation){.number = 1,
                                      .conf = service.conf,
                                      .connections = 100,
                                      .sockets = {.members = service.members, .count = 2}};
    FUZZ_CHECK(shared_open(&generation->shared, NULL, &room) == 0);
    FUZZ_CHECK(slots_open(&generation->slots, 2, 0) == 0);
    service.generations = (struct generations){.all = {generation}, .count = 1, .last_number = 1};
    generation->rows = rows;
    FUZZ_CHECK(ledger_open(&service.generations.accounts.ledger) == 0);
    ledger_join(&service.generations.accounts.ledger, generation->conf, generation->rows);
}

/* --- Asking --- */

static void check_answer(const char *answer, size_t length)
{
    json_t *object = json_loadb(answer, length, JSON_REJECT_DUPLICATES, NULL);

    FUZZ_CHECK(object && json_is_object(object));
    FUZZ_CHECK(memchr(answer, '\n', length) == answer + length - 1);
    json_decref(object);
}

/* Whatever was asked for, it can stand in the lines and texts in which it will be said. */
static void check_state(const struct state *state)
{
    FUZZ_CHECK(state->word < STATE_WORD_COUNT && state->weight <= STATE_WEIGHT_MAX);
    FUZZ_CHECK(memchr(state->reason, '\0', sizeof(state->reason)));
    for (const char *c = state->reason; *c; c++)
        FUZZ_CHECK(*c >= ' ' && *c <= '~' && !strchr("\"'\\", *c));
}

/* As somebody who need not be allowed to. */
static void ask_as(const struct ucred *credentials, const char *request)
{
    const struct control_peer peer = {.fd = -1, .credentials = *credentials};
    size_t length;
    struct request_order order;
    char *answer = requests_answer(&service.view, &peer, request, &length, &order);

    FUZZ_CHECK(!answer == (order.change != CHANGE_NOTHING));
    FUZZ_CHECK(answer || credentials->uid == 0 || credentials->uid == geteuid());
    if (order.change == CHANGE_STATE)
        check_state(&order.state);
    if (answer)
        check_answer(answer, length);
    free(answer);
}

static char *answer(void *context, const struct control_peer *peer, const char *request, size_t *length,
                    unsigned *ticket)
{
    struct request_order order;
    char *made = requests_answer(&service.view, peer, request, length, &order);

    (void)context;
    FUZZ_CHECK(strlen(request) <= PROTOCOL_REQUEST_MAX);
    if (order.change == CHANGE_CONFIGURATION)
        *ticket = service.ticket = 1;
    return order.change == CHANGE_STATE ? requests_changed(&service.view, length) : made;
}

static void turn(struct control_server *server)
{
    int turns = 0;

    while (turns++ < TURNS_MOST && sd_event_run(server->event, 0) > 0)
        ;
    FUZZ_CHECK(turns < TURNS_MOST);
}

static void end_reload(struct control_server *server)
{
    size_t length;
    char *made;

    if (!service.ticket)
        return;
    made = requests_reloaded(&service.view, service.view.state % 2, service.texts[2], &length);
    FUZZ_CHECK(made);
    control_server_answer(server, service.ticket, made, length);
    free(made);
    turn(server);
}

static int dial(struct control_server *server)
{
    struct address address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    FUZZ_CHECK(address_set_unix(&address, server->path));
    FUZZ_CHECK(fd >= 0 && connect(fd, &address.sa, address.length) == 0);
    turn(server);
    return fd;
}

static void send_pieces(struct control_server *server, int fd, struct input *input)
{
    while (input->left > 0) {
        const uint8_t *mark = memchr(input->at, 0xff, input->left);
        size_t length = mark ? (size_t)(mark - input->at) : input->left;

        if (send(fd, input->at, length, MSG_NOSIGNAL) < 0)
            return;
        length += mark != NULL;
        input->at += length;
        input->left -= length;
        turn(server);
    }
}

static bool says_anything(const struct input *input)
{
    for (size_t i = 0; i < input->left; i++)
        if (input->at[i] != 0xff)
            return true;
    return false;
}

static void ask_server(struct control_server *server, struct input *input)
{
    static char answered[ANSWER_MAX];
    int fd = dial(server);
    bool said = says_anything(input);
    ssize_t n;

    send_pieces(server, fd, input);
    shutdown(fd, SHUT_WR);
    turn(server);
    end_reload(server);
    n = recv(fd, answered, sizeof(answered), MSG_WAITALL);
    FUZZ_CHECK(said == (n > 0));
    if (n > 0)
        check_answer(answered, (size_t)n);
    close(fd);
    turn(server);
    FUZZ_CHECK(!server->first);
}

/* The runtime directory: it has the same name each time, and goes with the server. */
static const char *make_directory(void)
{
    static char directory[] = DIRECTORY;

    if (strcmp(directory, DIRECTORY) == 0)
        FUZZ_CHECK(mkdtemp(directory) && setenv("RUNTIME_DIRECTORY", directory, 1) == 0);
    else
        FUZZ_CHECK(mkdir(directory, 0700) == 0);
    return directory;
}

static void run_server(struct input *input)
{
    struct control_server server = {.answer = answer};
    const char *directory = make_directory();

    FUZZ_CHECK(sd_event_new(&server.event) >= 0);
    FUZZ_CHECK(control_server_open(&server) == 0 && control_server_publish(&server) == 0);
    service.ticket = 0;
    ask_server(&server, input);
    control_server_close(&server);
    sd_event_unref(server.event);
    FUZZ_CHECK(rmdir(directory) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size}, request;
    struct ucred credentials = {0};
    char *words;

    open_generation();
    read_view(&input);
    for (unsigned i = 0; i < 2; i++) {
        read_worker(&input, i);
        read_socket(&input, i);
    }
    credentials.uid = (uid_t)input_number(&input, 4);
    credentials.pid = (pid_t)input_number(&input, 2);
    request = input;
    words = input_text(&request, PROTOCOL_REQUEST_MAX);
    words[strcspn(words, "\r\n")] = '\0';
    ask_as(&credentials, words);
    free(words);
    run_server(&input);
    for (size_t i = 0; i < TEXTS; i++)
        free(service.texts[i]);
    return 0;
}
