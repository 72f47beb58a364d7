//! `http`: send requests and report what became of them.

use std::io::IsTerminal as _;

use crate::arrivals::{Arrivals, Pattern};
use crate::cli::{Arrival, HttpArgs};
use crate::client::Patience;
use crate::exit::{Ending, Failure};
use crate::mode::measurement::{document, ending, measure, stop_on_interrupt};
use crate::mode::setup::reached;
use crate::report::terminal::{Palette, render};
use crate::run::{Plan, Until};

/// Requests without a plan of their own.
const USUAL_REQUESTS: u64 = 50;

/// Runs the command.
///
/// # Errors
/// What it was given can't be used, or a service can't be reached.
pub async fn run(args: HttpArgs) -> Result<Ending, Failure> {
    let setup = reached(&args.target).await?;
    let seed = args.run.workload.seed.unwrap_or(setup.run);
    let until = match (args.duration, args.requests) {
        (Some(duration), _) => Until::Elapsed(duration),
        (None, requests) => Until::Requests(requests.unwrap_or(USUAL_REQUESTS)),
    };
    let plan = Plan {
        arrivals: arrivals(&args),
        until,
        seed,
    };
    let patience = Patience {
        timeout: args.target.timeout,
        retries: args.retry,
    };
    let workloads = setup.workloads(&args.run.workload, seed).await?;
    let stop = stop_on_interrupt();
    let measured = measure(
        &setup,
        workloads,
        patience,
        plan,
        args.target.verbose,
        &stop,
    )
    .await;
    let document = document(&setup, measured, plan, &args.run.objectives);
    let palette = Palette::new(std::io::stdout().is_terminal());
    print!("{}", render(&document, palette));
    crate::report::write(&document, &args.run.files)?;
    Ok(ending(&document))
}

fn arrivals(args: &HttpArgs) -> Arrivals {
    let pattern = match (args.rate, args.burst) {
        (Some(per_second), _) => match args.arrival {
            Arrival::Constant => Pattern::Constant { per_second },
            Arrival::Poisson => Pattern::Poisson { per_second },
        },
        (None, Some(burst)) => burst,
        (None, None) => {
            return Arrivals::Closed {
                workers: args.workers as usize,
            };
        }
    };
    Arrivals::Open { pattern }
}
