/* The next turn of the engine: the one thing of it that what moves has to know. */
#include "runs/engine/moves.h"

void engine_turn_soon(struct engine *engine)
{
        if (!timer_is_armed(engine->turn))
                timer_arm(engine->turn, 0);
}
