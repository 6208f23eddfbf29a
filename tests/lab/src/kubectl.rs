//! kubectl as a user would call it. Not for: what a typed client says better.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::{Context, LabError, Result};

/// No call of a test takes longer; a server that hangs must fail the test, not the run.
const WITHIN: Duration = Duration::from_secs(120);

/// What an apply printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// One line for each object, such as `supportcase.meshcase.dev/a serverside-applied`.
    pub objects: Vec<String>,
    /// The server's warnings, without the word.
    pub warnings: Vec<String>,
}

/// What a finished program printed.
#[derive(Clone, Debug)]
pub struct Output {
    /// Whether it ended with 0.
    pub success: bool,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs a program to its end, with `input` as its standard input.
pub(crate) async fn run(mut command: Command, input: &str) -> Result<Output> {
    let name = Path::new(command.as_std().get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().context(format!("starting {name}"))?;
    let pipe = child.stdin.take();
    let feed = async {
        if let Some(mut pipe) = pipe {
            // A program that does not read its input closes the pipe; its own message then says what is wrong.
            let _ = pipe.write_all(input.as_bytes()).await;
        }
    };
    let both = async { tokio::join!(feed, child.wait_with_output()).1 };
    let output = tokio::time::timeout(WITHIN, both).await.context(format!("{name} did not end"))?;
    let output = output.context(format!("running {name}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Output { success: output.status.success(), stdout: text(&output.stdout), stderr: text(&output.stderr) })
}

impl Output {
    /// The output of a program that had to succeed.
    ///
    /// # Errors
    /// With what it wrote to standard error.
    pub fn successful(self) -> Result<Self> {
        if self.success { Ok(self) } else { Err(LabError::new(self.stderr.trim().to_owned())) }
    }

    pub(crate) fn applied(&self) -> Applied {
        let warnings = self.stderr.lines().filter_map(|line| line.strip_prefix("Warning: "));
        Applied {
            objects: self.stdout.lines().map(str::to_owned).collect(),
            warnings: warnings.map(str::to_owned).collect(),
        }
    }
}
