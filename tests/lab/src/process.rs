//! Child processes that cannot outlive the laboratory, whatever ends its holder: return, panic, Ctrl-C or `kill -9`.
//! Not for: deciding what to start.
//!
//! All children of a laboratory are born into one process group. A small shell, the reaper, reads a pipe whose only write
//! end the holder has. When the holder ends, however it ends, the pipe closes, and the reaper kills the group and removes
//! the folder. `PR_SET_PDEATHSIG` would need code between fork and exec, which is `unsafe`, and fires when the *thread*
//! that started the child ends, which in a test harness is long before the run ends.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal};

use crate::{Context, LabError, Result, cri};

/// Holds the group open until the holder ends: a group exists as long as it has a member.
const ANCHOR: &str = "read -r _";

/// Waits for the end of the holder, kills the group `$1`, and removes the folder `$2` once the group is gone. Zombies
/// that nobody collects count as members, hence the bound.
const REAPER: &str = r#"
while read -r _; do :; done
kill -9 "-$1"
tries=0
while kill -0 "-$1" && [ $tries -lt 40 ]; do sleep 0.05; tries=$((tries + 1)); done
rm -rf -- "$2"
"#;

/// The group of a laboratory's children and the reaper behind it.
#[derive(Debug)]
pub(crate) struct Group {
    folder: PathBuf,
    id: Pid,
    children: Mutex<Vec<Process>>,
    guards: Mutex<Vec<(Child, Option<ChildStdin>)>>,
}

impl Group {
    /// A group whose processes work in `folder`, which is removed with it.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let (anchor, anchor_pipe) = guard(&["-c", ANCHOR])?;
        let id = pid_of(&anchor)?;
        let group = id.as_raw_nonzero().to_string();
        let (reaper, reaper_pipe) = guard(&["-c", REAPER, "meshcase-lab-reaper", &group, &folder.to_string_lossy()])?;
        let guards = vec![(anchor, anchor_pipe), (reaper, reaper_pipe)];
        Ok(Self { folder: folder.to_owned(), id, children: Mutex::default(), guards: Mutex::new(guards) })
    }

    /// Starts `command` in the group, with what it prints in `<folder>/<name>.log`.
    pub(crate) fn spawn(&self, name: &str, mut command: Command) -> Result<Process> {
        let log = self.folder.join(format!("{name}.log"));
        let out = File::options().create(true).append(true).open(&log).context(format!("opening {}", log.display()))?;
        let err = out.try_clone().context("sharing a log file")?;
        command.stdout(out).stderr(err);
        self.add(name, self.start(name, command)?, log)
    }

    /// Starts `command` in the group, with what it prints in `log`, in the form of a container's log.
    pub(crate) fn spawn_logging(&self, name: &str, mut command: Command, log: &Path) -> Result<Process> {
        let file = File::options().create(true).append(true).open(log).context(format!("opening {}", log.display()))?;
        let other = file.try_clone().context("sharing a log file")?;
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.start(name, command)?;
        let pipes = child.stdout.take().zip(child.stderr.take());
        let process = self.add(name, child, log.to_owned())?;
        let (out, err) = pipes.context(format!("reading what {name} prints"))?;
        // They end with the process; one that can no longer write ends the process by closing its pipe.
        std::thread::spawn(move || cri::copy("stdout", out, file));
        std::thread::spawn(move || cri::copy("stderr", err, other));
        Ok(process)
    }

    fn start(&self, name: &str, mut command: Command) -> Result<Child> {
        command.stdin(Stdio::null()).process_group(self.id.as_raw_nonzero().get());
        if command.get_current_dir().is_none() {
            command.current_dir(&self.folder);
        }
        command.spawn().context(format!("starting {name}"))
    }

    fn add(&self, name: &str, child: Child, log: PathBuf) -> Result<Process> {
        let process = Process { name: name.to_owned(), id: pid_of(&child)?, log, child: SharedChild::new(child) };
        lock(&self.children).push(process.clone());
        Ok(process)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Closing the pipes is the signal. The children are collected first: the reaper waits until the group is empty.
        let mut guards = std::mem::take(&mut *lock(&self.guards));
        for (_, pipe) in &mut guards {
            drop(pipe.take());
        }
        for child in lock(&self.children).iter() {
            let _ = child.kill9();
        }
        for (guard, _) in &mut guards {
            let _ = guard.wait();
        }
    }
}

/// A shell outside the group of the terminal, so that Ctrl-C does not end it before its work is done.
fn guard(arguments: &[&str]) -> Result<(Child, Option<ChildStdin>)> {
    let mut shell = Command::new("/bin/sh");
    shell.args(arguments).process_group(0).current_dir("/");
    let shell = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut shell = shell.context("starting a shell")?;
    let pipe = shell.stdin.take();
    Ok((shell, pipe))
}

fn pid_of(child: &Child) -> Result<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("reading a process id")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Debug)]
struct SharedChild(std::sync::Arc<Mutex<Child>>);

impl SharedChild {
    fn new(child: Child) -> Self {
        Self(std::sync::Arc::new(Mutex::new(child)))
    }
}

/// One running child of the laboratory.
#[derive(Clone, Debug)]
pub struct Process {
    name: String,
    id: Pid,
    log: PathBuf,
    child: SharedChild,
}

impl Process {
    /// Its process id.
    pub fn id(&self) -> i32 {
        self.id.as_raw_nonzero().get()
    }

    /// All it printed so far.
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// How it ended, or `None` while it runs.
    pub fn ended(&self) -> Option<ExitStatus> {
        lock(&self.child.0).try_wait().ok().flatten()
    }

    /// Kills it at once and collects it.
    ///
    /// # Errors
    /// When the system refuses the signal.
    pub fn kill9(&self) -> Result<()> {
        let mut child = lock(&self.child.0);
        child.kill().context(format!("killing {}", self.name))?;
        child.wait().context(format!("collecting {}", self.name))?;
        Ok(())
    }

    /// Asks it to end, as a node does before it kills.
    ///
    /// # Errors
    /// When it is gone already.
    pub fn terminate(&self) -> Result<()> {
        rustix::process::kill_process(self.id, Signal::TERM).context(format!("ending {}", self.name))
    }

    /// Stops it where it is, until [`Process::resume`].
    ///
    /// # Errors
    /// When it is gone.
    pub fn pause(&self) -> Result<()> {
        rustix::process::kill_process(self.id, Signal::STOP).context(format!("stopping {}", self.name))
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it is gone.
    pub fn resume(&self) -> Result<()> {
        rustix::process::kill_process(self.id, Signal::CONT).context(format!("resuming {}", self.name))
    }

    /// The peak of its resident memory in KiB (`VmHWM`).
    ///
    /// # Errors
    /// When it is gone.
    pub fn rss_peak_kib(&self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.id());
        let status = fs::read_to_string(&path).context(format!("reading {path}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|rest| rest.split_whitespace().next()).and_then(|word| word.parse().ok());
        number.context(format!("finding VmHWM in {path}"))
    }

    /// The processor time it has used, of all its threads.
    ///
    /// # Errors
    /// When it is gone.
    pub fn cpu_time(&self) -> Result<Duration> {
        let path = format!("/proc/{}/stat", self.id());
        let stat = fs::read_to_string(&path).context(format!("reading {path}"))?;
        // After the name in parentheses, utime and stime are the twelfth and thirteenth, in hundredths of a second.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// An error with the last lines it printed, where it has ended though it should run.
    pub(crate) fn must_run(&self) -> Result<()> {
        let Some(status) = self.ended() else { return Ok(()) };
        Err(LabError::new(format!("{} ended ({status}); {}", self.name, self.last_lines())))
    }

    /// What it printed last, for an error.
    pub(crate) fn last_lines(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        format!("its last lines:\n{}", lines[lines.len().saturating_sub(15)..].join("\n"))
    }
}

/// What is left of the laboratory whose folder was `folder`: the folder itself and every process that works in it or
/// names it on its command line. Empty is what a test wants.
pub fn leftovers(folder: &Path) -> Vec<String> {
    let mut left = Vec::new();
    if folder.exists() {
        left.push(format!("folder {}", folder.display()));
    }
    let Ok(processes) = fs::read_dir("/proc") else { return left };
    for process in processes.flatten() {
        let path = process.path();
        let works_there = fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
        let line = String::from_utf8_lossy(&fs::read(path.join("cmdline")).unwrap_or_default()).replace('\0', " ");
        if works_there || line.contains(&*folder.to_string_lossy()) {
            left.push(format!("process {} {line}", process.file_name().to_string_lossy()));
        }
    }
    left
}
