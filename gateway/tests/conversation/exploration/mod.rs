//! Long random conversations with a client, a recogniser, a responder, tools and a synthesis that
//! answer late, never, twice or wrongly. Whatever they do, what is promised holds: see `witness`.

mod player;
mod received;
mod step;
mod witness;
mod world;

use proptest::prelude::*;

use self::step::{Step, any_settings, any_step};
use self::world::World;

/// Set by `./scripts/test --thorough`.
const THOROUGH: &str = "VOICE_STACK_THOROUGH";

/// Facts of one conversation, on average.
const STEPS: usize = 200;

fn cases() -> u32 {
    if std::env::var_os(THOROUGH).is_some_and(|it| !it.is_empty()) {
        10_000
    } else {
        200
    }
}

fn explore(world: &mut World, steps: &[Step]) -> Result<(), TestCaseError> {
    for step in steps {
        world.take(step)?;
    }
    world.come_to_rest()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Default::default()
    })]

    #[test]
    fn whatever_happens_every_promise_is_kept(
        settings in any_settings(),
        steps in prop::collection::vec(any_step(), 0..=2 * STEPS),
    ) {
        explore(&mut World::new(settings), &steps)?;
    }

    #[test]
    fn with_a_pipeline_that_works_every_promise_is_kept(
        settings in any_settings(),
        steps in prop::collection::vec(any_step(), 0..=2 * STEPS),
    ) {
        let mut world = World::new(settings);
        world.pipeline_works = true;
        explore(&mut world, &steps)?;
    }
}
