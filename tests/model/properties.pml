/* SPDX-License-Identifier: MIT */
/* What must hold; doc/model.md has each in words. "always" is looked at in every state, "at rest" where nothing more can
 * happen: every run comes to that, which is checked, too. All of them are checked at once, and each can be by itself. */

#define NOT_DRAINING(g) (state[g] != DRAINING)
#if RELOADS == 3
#define NOBODY_WAITS (!waits[0] && !waits[1] && !waits[2])
#elif RELOADS == 2
#define NOBODY_WAITS (!waits[0] && !waits[1])
#else
#define NOBODY_WAITS (!waits[0])
#endif
#define FOUND(sock) (open[sock] && !refusing[sock])

/* Always */
#define OWNER (!begun || stop == STOP_DRAIN || dead || (FOUND(KEPT) && holders[KEPT] != 0 && !refusal))
#define OWNER_OTHER (serving == NONE || ENDED || !other[serving] || (FOUND(OTHER) && (holders[OTHER] & BIT(serving)) != 0))
#define KEEPS_SERVING (!up || ENDED || stop == STOP_DRAIN || (serving != NONE && state[serving] == SERVING))
#define REMOVED (!cut)
#define DRAINED_ALL (!broken)
#define GREETED (!turned_away)
#define NOT_LATE(g) (state[g] != DRAINING || clock[g] > 0)
#define ON_TIME (!late || stop != STOP_DRAIN || EACH_GENERATION(NOT_LATE))
#define HANDED_OVER (!replaced || (heir == HEIR_SERVES && FOUND(KEPT) && !refusal))
#define RESTART (!STORE || (!refusal && (!again || (FOUND(KEPT) && !(HAS_OTHER(version) && open[OTHER] && refusing[OTHER])))))

/* At rest */
#define ONE_GENERATION (dead || (EACH_GENERATION(NOT_DRAINING) && draining_count == 0))
#define COUNTED (dead || accepted == retired_done + SUM_DONE)
#define TAKEN_UP (queue[KEPT] == 0 || (ENDED && !replaced))
#define START_ENDS (up || ENDED)
#define RELOAD_ENDS (dead || !(wanted || running))
#define RELOAD_LAST (ENDED || stop != STOP_NO || refused || serving == NONE || served_version == version)
#define ANSWERED (dead || NOBODY_WAITS)
#define ENDS_FOR_GOOD (obeyed == 0 || replaced || heir == NO_HEIR || heir == HEIR_ENDED)
#define STOPS (terms == 0 || ENDED)
#define NO_ORPHANS (!ENDED || EACH_GENERATION(NO_WORKER))

ltl always { [] (OWNER && OWNER_OTHER && KEEPS_SERVING && REMOVED && DRAINED_ALL && GREETED && ON_TIME && HANDED_OVER &&
                 RESTART) }

#ifdef REST
proctype rest()
{
    d_step { timeout ->
        assert(ONE_GENERATION); assert(COUNTED); assert(TAKEN_UP); assert(START_ENDS); assert(RELOAD_ENDS);
        assert(RELOAD_LAST); assert(ANSWERED); assert(ENDS_FOR_GOOD); assert(STOPS); assert(NO_ORPHANS) }
}
#endif

ltl owner { [] OWNER }
ltl owner_other { [] OWNER_OTHER }
ltl keeps_serving { [] KEEPS_SERVING }
ltl removed { [] REMOVED }
ltl drained { [] DRAINED_ALL }
ltl greeted { [] GREETED }
ltl on_time { [] ON_TIME }
ltl handed_over { [] HANDED_OVER }
ltl restart { [] RESTART }
ltl one_generation { []<> ONE_GENERATION }
ltl counted { []<> COUNTED }
ltl taken_up { []<> TAKEN_UP }
ltl start_ends { []<> START_ENDS }
ltl reload_ends { []<> RELOAD_ENDS }
ltl reload_last { []<> RELOAD_LAST }
ltl answered { []<> ANSWERED }
ltl ends_for_good { []<> ENDS_FOR_GOOD }
ltl stops { []<> STOPS }
ltl no_orphans { []<> NO_ORPHANS }
