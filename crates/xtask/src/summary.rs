//! What happened, at the end of a run.

use std::time::Duration;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// One step as it ended.
pub struct Outcome {
    /// Its name.
    pub name: &'static str,
    /// Whether everything in it was fine.
    pub fine: bool,
    /// Its tests, where it has some.
    pub count: Option<Count>,
    /// How long it took.
    pub took: Duration,
    /// What else is worth knowing.
    pub note: String,
}

/// Prints a table and, last, the sum of all tests. A check that failed without counting tests counts as one failure.
pub fn print(outcomes: &[Outcome]) {
    println!("\n{:<10} {:<7} {:>8}  ", "step", "", "seconds");
    let mut sum = Count::default();
    for outcome in outcomes {
        let count = outcome.count.unwrap_or_default();
        let word = if outcome.fine { "fine" } else { "FAILED" };
        let tests = outcome
            .count
            .map(|count| format!("{} passed, {} failed", count.passed, count.failed));
        let notes: Vec<_> = tests
            .into_iter()
            .chain([outcome.note.clone()])
            .filter(|note| !note.is_empty())
            .collect();
        println!(
            "{:<10} {word:<7} {:>8.1}  {}",
            outcome.name,
            outcome.took.as_secs_f64(),
            notes.join("; ")
        );
        sum += count;
        sum.failed += u64::from(!outcome.fine && count.failed == 0);
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
}

/// The numbers of nextest: `Summary [ 2.4s] 9 tests run: 8 passed (1 slow), 1 failed, 0 skipped`.
pub fn of_nextest(lines: &[String]) -> Count {
    let summary = lines
        .iter()
        .rev()
        .find(|line| line.trim_start().starts_with("Summary ["));
    let Some((_, numbers)) = summary.and_then(|line| line.split_once(':')) else {
        return Count::default();
    };
    let number = |word: &str| -> u64 {
        let parts = numbers
            .split(',')
            .filter_map(|part| part.trim().split_once(' '));
        parts
            .filter(|(_, what)| what.starts_with(word))
            .filter_map(|(count, _)| count.parse::<u64>().ok())
            .sum()
    };
    Count {
        passed: number("passed"),
        failed: number("failed") + number("timed out") + number("exec failed"),
    }
}

/// The numbers of cargo's own test runner, one line a crate: `test result: ok. 2 passed; 0 failed; …`.
pub fn of_doc_tests(lines: &[String]) -> Count {
    let mut count = Count::default();
    for line in lines
        .iter()
        .filter_map(|line| line.trim_start().strip_prefix("test result:"))
    {
        for part in line
            .split([';', '.'])
            .filter_map(|part| part.trim().split_once(' '))
        {
            let Ok(number) = part.0.parse::<u64>() else {
                continue;
            };
            match part.1 {
                "passed" => count.passed += number,
                "failed" => count.failed += number,
                _ => {}
            }
        }
    }
    count
}

/// The numbers of Node's test runner: `ℹ pass 12` or `# pass 12`.
pub fn of_node(lines: &[String]) -> Count {
    let number = |word: &str| {
        lines.iter().rev().find_map(|line| {
            let mut words = line.split_whitespace();
            matches!(words.next(), Some("#" | "ℹ")).then_some(())?;
            (words.next() == Some(word)).then_some(())?;
            words.next()?.parse::<u64>().ok()
        })
    };
    Count {
        passed: number("pass").unwrap_or(0),
        failed: number("fail").unwrap_or(0) + number("cancelled").unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn nextest_is_read() {
        let text = "     Summary [   2.452s] 9 tests run: 9 passed, 0 skipped";
        assert_eq!(
            of_nextest(&lines(text)),
            Count {
                passed: 9,
                failed: 0
            }
        );
        let text = "     Summary [  61.0s] 12/14 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 3 skipped\n  FAIL x";
        assert_eq!(
            of_nextest(&lines(text)),
            Count {
                passed: 9,
                failed: 3
            }
        );
        assert_eq!(
            of_nextest(&lines("error: could not compile")),
            Count::default()
        );
    }

    #[test]
    fn doc_tests_are_added_up() {
        let text = "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\
                    x\ntest result: FAILED. 1 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(
            of_doc_tests(&lines(text)),
            Count {
                passed: 3,
                failed: 3
            }
        );
    }

    #[test]
    fn nodes_runner_is_read() {
        let text = "# tests 14\n# suites 1\n# pass 12\n# fail 1\n# cancelled 1\n# skipped 0";
        assert_eq!(
            of_node(&lines(text)),
            Count {
                passed: 12,
                failed: 2
            }
        );
        assert_eq!(
            of_node(&lines("ℹ pass 3\nℹ fail 0")),
            Count {
                passed: 3,
                failed: 0
            }
        );
    }
}
