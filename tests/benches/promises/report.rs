//! The table at the end.

/// Rows as they come in.
#[derive(Default)]
pub(crate) struct Report(Vec<[String; 4]>);

impl Report {
    /// Says it at once and keeps it for the table.
    pub(crate) fn line(&mut self, promise: &str, measured: &str, target: &str, is_met: bool) {
        let verdict = if is_met { "met" } else { "NOT MET" };
        eprintln!("{promise}: {measured} ({target}: {verdict})");
        self.0
            .push([promise, measured, target, verdict].map(String::from));
    }

    pub(crate) fn print(&self) {
        println!("| promise | measured | target | |\n|---|---|---|---|");
        for row in &self.0 {
            println!("| {} |", row.join(" | "));
        }
    }
}
