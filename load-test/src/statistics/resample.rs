//! What a statistic was in resamples of one sample, without making each of them.

use super::random::Random;
use super::statistic::Statistic;
use super::{blocks, percentile};

/// How a resample is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) enum Draw {
    /// Value by value.
    Single,
    /// This number of neighbours at once.
    Blocks(usize),
}

/// The statistic of `resamples` resamples of `values`, which stand in the order of time.
pub(super) fn replicates(
    values: &[f64],
    statistic: Statistic,
    draw: Draw,
    resamples: usize,
    random: &mut Random,
) -> Option<Vec<f64>> {
    match (statistic, draw) {
        (Statistic::Mean, Draw::Single) => Some(means(values, resamples, random)),
        (Statistic::Mean, Draw::Blocks(block)) => {
            Some(means_of_blocks(values, block, resamples, random))
        }
        (Statistic::Percentile(share), draw) => {
            let rank = percentile::rank(values.len(), share)?;
            Some(match draw {
                Draw::Single => percentiles(values, rank, resamples, random),
                Draw::Blocks(block) => {
                    percentiles_of_blocks(values, rank, block, resamples, random)
                }
            })
        }
    }
}

fn means(values: &[f64], resamples: usize, random: &mut Random) -> Vec<f64> {
    let count = values.len();
    (0..resamples)
        .map(|_| {
            let sum: f64 = (0..count).map(|_| values[random.index(count)]).sum();
            sum / count as f64
        })
        .collect()
}

/// The sum of a block is the difference of two sums from the start.
fn means_of_blocks(
    values: &[f64],
    block: usize,
    resamples: usize,
    random: &mut Random,
) -> Vec<f64> {
    let count = values.len();
    // Around the mean: the sums stay small, and so does what rounding does to them.
    let mean = percentile::mean(values).unwrap_or_default();
    let mut sums = vec![0.0];
    let mut sum = 0.0;
    for value in values.iter().chain(values) {
        sum += value - mean;
        sums.push(sum);
    }
    (0..resamples)
        .map(|_| {
            let mut sum = 0.0;
            blocks::draw(count, block, random, |start, length| {
                sum += sums[start + length] - sums[start];
            });
            mean + sum / count as f64
        })
        .collect()
}

/// The k-th smallest of n uniform numbers has the distribution Beta(k, n + 1 - k), and a
/// value drawn is the one at the place that a uniform number points to. So one number of that
/// distribution points to the k-th smallest value of a whole resample: the same distribution
/// as if all n values were drawn and sorted.
fn percentiles(values: &[f64], rank: usize, resamples: usize, random: &mut Random) -> Vec<f64> {
    let count = values.len();
    let sorted = super::sorted(values);
    (0..resamples)
        .map(|_| {
            let place = random.beta(rank as f64, (count + 1 - rank) as f64) * count as f64;
            sorted[(place as usize).min(count - 1)]
        })
        .collect()
}

/// Sorted once; a resample is how often each place of the sorted values was drawn, and its
/// percentile is where their sum, taken from the nearer end, reaches the rank.
fn percentiles_of_blocks(
    values: &[f64],
    rank: usize,
    block: usize,
    resamples: usize,
    random: &mut Random,
) -> Vec<f64> {
    let count = values.len();
    let mut by_value: Vec<usize> = (0..count).collect();
    by_value.sort_by(|one, other| values[*one].total_cmp(&values[*other]));
    let mut places = vec![0_u32; 2 * count];
    for (place, &time) in by_value.iter().enumerate() {
        // Twice in a row, so that a block may reach over the end.
        places[time] = place as u32;
        places[time + count] = place as u32;
    }
    let mut drawn = vec![0_u32; count];
    (0..resamples)
        .map(|_| {
            drawn.fill(0);
            blocks::draw(count, block, random, |start, length| {
                for &place in &places[start..start + length] {
                    drawn[place as usize] += 1;
                }
            });
            values[by_value[place_of_rank(&drawn, rank)]]
        })
        .collect()
}

/// The place of the `rank`-th value, where `drawn` says how often each was drawn.
fn place_of_rank(drawn: &[u32], rank: usize) -> usize {
    let count = drawn.len();
    let mut sum = 0;
    let mut reaches = |limit: usize, times: u32| {
        sum += times as usize;
        sum >= limit
    };
    let place = if rank <= count / 2 {
        drawn.iter().position(|&times| reaches(rank, times))
    } else {
        let from_above = count + 1 - rank;
        drawn.iter().rposition(|&times| reaches(from_above, times))
    };
    place.expect("as many values were drawn as there are, and the rank is one of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_is_found_from_either_end() {
        // Drawn: 0, 0, 2, 3, 3, 3
        let drawn = [2, 0, 1, 3, 0, 0];
        let places: Vec<usize> = (1..=6).map(|rank| place_of_rank(&drawn, rank)).collect();
        assert_eq!(places, [0, 0, 2, 3, 3, 3]);
    }

    /// Both ways to resample a percentile draw from the same distribution.
    #[test]
    fn one_beta_number_stands_for_a_whole_resample() {
        let values: Vec<f64> = (0..200_u32).map(f64::from).collect();
        for share in [0.5, 0.95] {
            let of = |draw| {
                let statistic = Statistic::Percentile(share);
                replicates(&values, statistic, draw, 20_000, &mut Random::new(1)).unwrap()
            };
            let (quick, counted) = (of(Draw::Single), of(Draw::Blocks(1)));
            for share in [0.025, 0.25, 0.5, 0.75, 0.975] {
                let [quick, counted] =
                    [&quick, &counted].map(|it| percentile::interpolated(it, share).unwrap());
                assert!(
                    (quick - counted).abs() <= 1.0,
                    "{share}: {quick}, {counted}"
                );
            }
        }
    }

    #[test]
    fn one_block_of_all_values_is_the_sample() {
        let values = [3.0, 1.0, 2.0, 5.0, 4.0];
        for (statistic, expected) in [
            (Statistic::Mean, 3.0),
            (Statistic::Percentile(0.5), 3.0),
            (Statistic::Percentile(0.8), 4.0),
        ] {
            let draw = Draw::Blocks(values.len());
            let found = replicates(&values, statistic, draw, 20, &mut Random::new(1)).unwrap();
            assert!(
                found.iter().all(|it| (it - expected).abs() < 1e-12),
                "{found:?}"
            );
        }
    }
}
