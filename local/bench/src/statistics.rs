//! Medians, percentiles, and whether two means differ.

use std::time::Duration;

/// Numbers in order.
#[derive(Clone, Debug)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// Of at least one number.
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut numbers: Vec<f64> = numbers.into_iter().collect();
        numbers.sort_by(f64::total_cmp);
        Self(numbers)
    }

    /// Times in milliseconds.
    pub fn of_times(times: &[Duration]) -> Self {
        Self::of(times.iter().map(|time| time.as_secs_f64() * 1000.0))
    }

    /// The number that this part of all does not exceed (nearest rank); 0 of none.
    pub fn quantile(&self, part: f64) -> f64 {
        let rank = (part * self.count()).ceil().max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank"
        )]
        let position = rank as usize - 1;
        self.0.get(position).copied().unwrap_or_default()
    }

    /// Half of all are no larger.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.count()
    }

    /// The variance of what these numbers are a sample of.
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        let squares = self.0.iter().map(|number| (number - mean).powi(2));
        squares.sum::<f64>() / (self.count() - 1.0)
    }

    /// Welch's t of two means.
    pub fn welch(&self, other: &Self) -> f64 {
        let error = self.variance() / self.count() + other.variance() / other.count();
        (self.mean() - other.mean()) / error.sqrt()
    }

    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    fn count(&self) -> f64 {
        self.0.len() as f64
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "computed without rounding")]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_numbers() {
        let sample = Sample::of((1..=100).rev().map(f64::from));
        let quantiles = [0.0, 0.01, 0.5, 0.99, 1.0].map(|part| sample.quantile(part));
        assert_eq!(quantiles, [1.0, 1.0, 50.0, 99.0, 100.0]);
        assert_eq!(Sample::of([3.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(Sample::of([]).median(), 0.0);
        let times = [Duration::from_micros(1500), Duration::from_millis(4)];
        assert_eq!(Sample::of_times(&times).median(), 1.5);
    }

    #[test]
    fn mean_and_variance_are_those_of_a_sample() {
        let sample = Sample::of([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!(sample.mean(), 5.0);
        assert!((sample.variance() - 32.0 / 7.0).abs() < 1e-9);
    }
}
