//! The probe process: answers questions until its input ends.

use std::io::{self, BufRead, Write};

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;

use super::gpus::Gpus;
use super::nvml::Absent;
use super::{Answer, Question, Reply, Request};

/// Room for a question many times over; a longer line is nobody's question.
const LONGEST_LINE: u64 = 4096;

/// The body of the `crashpoint probe` command. Returns at the end of `input`, so that this process
/// ends with its client; if a call into NVML keeps it from seeing that, the death of the thread that
/// started it kills it.
pub fn serve(input: impl BufRead, output: impl Write) -> io::Result<()> {
    set_pdeathsig(Signal::SIGKILL)?;
    answer_all(input, output, Gpus::find)
}

/// `find` is called at the first question, not before: a client can tell a slow start from none.
fn answer_all(
    mut input: impl BufRead,
    mut output: impl Write,
    find: impl FnOnce() -> Result<Gpus, Absent>,
) -> io::Result<()> {
    let mut find = Some(find);
    let mut gpus = None;
    while let Some(line) = next_line(&mut input)? {
        let answer = match serde_json::from_slice::<Request>(&line) {
            Err(error) => Answer {
                id: 0,
                reply: Reply::Error {
                    message: format!("failed to read a question: {error}"),
                },
                news: Vec::new(),
            },
            Ok(request) => {
                if let Some(find) = find.take() {
                    gpus = Some(find());
                }
                let (reply, news) = match (&mut gpus, request.question) {
                    (Some(Ok(gpus)), Question::Facts {}) => (gpus.facts(), gpus.news()),
                    (
                        Some(Ok(gpus)),
                        Question::Read {
                            worker_pid,
                            counters,
                        },
                    ) => (gpus.read(worker_pid, counters), gpus.news()),
                    (Some(Err(absent)), _) => {
                        let because = absent.to_string();
                        (Reply::Absent { because }, Vec::new())
                    }
                    (None, _) => continue,
                };
                Answer {
                    id: request.id,
                    reply,
                    news,
                }
            }
        };
        let mut line = serde_json::to_vec(&answer)?;
        line.push(b'\n');
        output.write_all(&line)?;
        output.flush()?;
    }
    Ok(())
}

/// The next line that is not empty. An overlong one is cut in pieces, each of which is a bad question.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    loop {
        let mut line = Vec::new();
        if io::Read::take(&mut *input, LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if !line.trim_ascii().is_empty() {
            return Ok(Some(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(input: &str) -> Vec<Answer> {
        let mut output = Vec::new();
        answer_all(input.as_bytes(), &mut output, || {
            Err(Absent::for_test("no driver"))
        })
        .unwrap();
        output
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    #[test]
    fn every_question_is_answered_under_its_number() {
        let found = answers(
            "{\"id\":3,\"facts\":{}}\n\n{\"id\":4,\"read\":{\"worker_pid\":null}}\n{\"read\":{\"worker_pid\":7}}\n",
        );
        assert_eq!(
            found.iter().map(|answer| answer.id).collect::<Vec<_>>(),
            [3, 4, 0]
        );
        for answer in found {
            let Reply::Absent { because } = answer.reply else {
                panic!("{answer:?}");
            };
            assert!(because.contains("no driver"));
        }
    }

    #[test]
    fn a_bad_question_is_named_and_the_next_one_answered() {
        let long = "x".repeat(3 * LONGEST_LINE as usize);
        let found = answers(&format!(
            "garbage\n{{\"id\":1}}\n{{\"id\":2,\"sing\":{{}}}}\n{long}\n{{\"id\":9,\"facts\":{{}}}}\n"
        ));
        let (last, bad) = found.split_last().unwrap();
        assert!(bad.len() >= 4);
        assert!(
            bad.iter()
                .all(|answer| matches!(answer.reply, Reply::Error { .. })),
            "{bad:?}"
        );
        assert_eq!(last.id, 9);
    }

    #[test]
    fn the_lines_are_as_documented() {
        let line = serde_json::to_string(&Request {
            id: 7,
            question: Question::Read {
                worker_pid: Some(4711),
                counters: false,
            },
        })
        .unwrap();
        assert_eq!(line, r#"{"id":7,"read":{"worker_pid":4711}}"#);
        let line = serde_json::to_string(&Answer {
            id: 8,
            reply: Reply::Read(vec![]),
            news: vec![],
        })
        .unwrap();
        assert_eq!(line, r#"{"id":8,"read":[]}"#);
    }

    #[test]
    fn without_a_driver_the_real_library_says_why() {
        if std::path::Path::new("/dev/nvidiactl").exists() {
            return;
        }
        let mut output = Vec::new();
        answer_all(
            "{\"id\":1,\"facts\":{}}\n".as_bytes(),
            &mut output,
            Gpus::find,
        )
        .unwrap();
        let answer: Answer = serde_json::from_slice(&output).unwrap();
        assert!(
            matches!(&answer.reply, Reply::Absent { because } if because.contains("NVML")),
            "{answer:?}"
        );
    }
}
