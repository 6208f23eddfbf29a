//! Output that the pages show: what needs no cluster is run again and compared. Not for: output of a cluster, which the
//! demonstration and the cluster tests show.

use crate::{is_update, pages, path, read, run};

/// The verbs whose output depends on their arguments alone.
const REPEATABLE: [&str; 2] = ["deadline", "replay"];
const BEGIN: &str = "\n```console\n";
const END: &str = "```\n";

/// A command of a `console` block as it is written, over several lines where it ends with a backslash, and its output.
#[derive(Default)]
struct Shown {
    written: String,
    output: String,
}

impl Shown {
    /// The plugin's arguments, where what it prints can be repeated here.
    fn arguments(&self) -> Option<Vec<&str>> {
        let arguments = self.written.strip_prefix("$ kubectl meshcase ")?;
        let arguments: Vec<&str> = arguments.split_whitespace().filter(|word| *word != "\\").collect();
        REPEATABLE.contains(&arguments[0]).then_some(arguments)
    }

    /// The command with its output as it is now.
    fn renewed(&self) -> String {
        let Some(arguments) = self.arguments() else { return format!("{}{}", self.written, self.output) };
        let printed = run("kubectl-meshcase", &arguments);
        let printed = printed.unwrap_or_else(|error| panic!("{}: {error}", self.written));
        let lines: String = printed.trim_end().lines().map(|line| format!("{}\n", line.trim_end())).collect();
        // An empty line keeps two commands of one block apart.
        let gap = if self.output.ends_with("\n\n") { "\n" } else { "" };
        format!("{}{lines}{gap}", self.written)
    }
}

/// The commands of a block.
fn commands(block: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    for line in block.lines() {
        match commands.last_mut() {
            Some(last) if last.written.ends_with("\\\n") => last.written += &format!("{line}\n"),
            _ if line.starts_with("$ ") => commands.push(Shown { written: format!("{line}\n"), output: String::new() }),
            Some(last) => last.output += &format!("{line}\n"),
            None => panic!("a console block begins with a command, not with {line:?}"),
        }
    }
    commands
}

/// The page with all output renewed, and how many commands were run for it.
fn renewed(page: &str) -> (String, usize) {
    let mut parts = page.split(BEGIN);
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut ran = 0;
    for part in parts {
        let (block, rest) = part.split_once(END).expect("a console block has an end");
        let commands = commands(block);
        ran += commands.iter().filter(|command| command.arguments().is_some()).count();
        let block: String = commands.iter().map(Shown::renewed).collect();
        text += &format!("{BEGIN}{block}{END}{rest}");
    }
    (text, ran)
}

#[test]
fn output_that_needs_no_cluster_is_what_the_command_prints() {
    let mut compared = 0;
    for page in pages() {
        let (text, ran) = renewed(&read(&page));
        compared += ran;
        if is_update() {
            std::fs::write(path(&page), text).unwrap();
        } else {
            assert_eq!(read(&page), text, "{page} shows other output than the command prints: run `make generate`");
        }
    }
    assert!(compared >= 3, "only {compared} commands were found to compare");
}
