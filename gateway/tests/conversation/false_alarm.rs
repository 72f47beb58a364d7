use voice_stack_gateway::conversation::{Command, Event, Input, Message, Outcome, State};

use crate::barge_in::{has_ended, interrupted};
use crate::scene::{Scene, settings};

#[test]
fn a_noise_of_300_ms_is_a_false_alarm_and_the_bot_goes_on_where_it_paused() {
    let (mut scene, generation) = interrupted();
    scene.until(3500);
    scene.silence(3300);
    let turn = scene.turn();
    scene.until(3600);
    scene.transcript("");
    assert!(scene.has(&Command::Resume {
        generation,
        at: 1200
    }));
    assert!(scene.emitted(&Event::FalseAlarm {
        turn,
        resumed: true
    }));
    assert_eq!(scene.sent(), [(0, 0, 5000), (0, 1200, 5000)]);
    assert_eq!(scene.state(), State::BotSpeaks);
    scene.until(20_000);
    // 3.8 s were left at 3.6 s.
    let end = |it: &Command| {
        matches!(
            it,
            Command::Emit(Event::AnswerEnded {
                outcome: Outcome::Completed,
                ..
            })
        )
    };
    assert_eq!(scene.when(end), 7400);
}

#[test]
fn a_backchannel_is_a_false_alarm() {
    for text in ["Mhm.", "Yeah", "okay, yes"] {
        let (mut scene, generation) = interrupted();
        scene.until(3500);
        scene.silence(3300);
        scene.transcript(text);
        assert!(
            scene.has(&Command::Resume {
                generation,
                at: 1200
            }),
            "{text}"
        );
    }
}

#[test]
fn the_bot_goes_on_one_second_after_the_noise_if_its_words_are_not_known() {
    let (mut scene, generation) = interrupted();
    scene.until(3500);
    scene.silence(3300);
    scene.until(5000);
    assert_eq!(
        scene.when(|it| *it
            == Command::Resume {
                generation,
                at: 1200
            }),
        4300
    );
    assert_eq!(scene.state(), State::BotSpeaks);
}

#[test]
fn a_backchannel_that_comes_late_changes_nothing() {
    let (mut scene, _) = interrupted();
    scene.until(3500);
    scene.silence(3300);
    scene.until(4600);
    let turn = scene.turn();
    scene.transcript("Mhm");
    assert!(scene.emitted(&Event::FalseAlarm {
        turn,
        resumed: false
    }));
    scene.until(20_000);
    assert!(has_ended(&scene, Outcome::Completed));
    assert_eq!(scene.conversation.history().len(), 2);
}

#[test]
fn if_nothing_is_left_to_resume_the_bot_answers_what_was_said() {
    let mut scene = Scene::new(settings());
    scene.ask_and_hear("Shall I do it?", 1000);
    // The last word is being heard when somebody speaks.
    scene.until(2990);
    scene.speech(2790);
    scene.until(3200);
    scene.silence(3000);
    scene.until(3300);
    scene.transcript("Yes.");
    scene.until(3600);
    assert_eq!(scene.count(|it| matches!(it, Command::Resume { .. })), 0);
    assert_eq!(scene.told().last(), Some(&Message::User("Yes.".into())));
}

#[test]
fn if_nothing_is_left_and_nothing_is_known_yet_the_words_are_waited_for() {
    let mut scene = Scene::new(settings());
    let generation = scene.ask_and_hear("Shall I do it?", 1000);
    scene.until(2990);
    scene.speech(2790);
    scene.tell(Input::Playback {
        generation,
        played: 1000,
    });
    scene.until(3200);
    scene.silence(3000);
    scene.until(4500);
    assert!(has_ended(&scene, Outcome::Completed));
    assert_eq!(scene.state(), State::Transcribing);
    scene.transcript("Mhm.");
    assert_eq!(scene.told().last(), Some(&Message::User("Mhm.".into())));
}

#[test]
fn the_client_corrects_where_it_paused() {
    let (mut scene, generation) = interrupted();
    scene.tell(Input::Playback {
        generation,
        played: 1100,
    });
    scene.until(3500);
    scene.silence(3300);
    scene.transcript("");
    assert!(scene.has(&Command::Resume {
        generation,
        at: 1100
    }));
    assert_eq!(scene.sent().last(), Some(&(0, 1100, 5000)));
}

#[test]
fn a_client_can_t_correct_to_what_is_not_kept_any_more() {
    let mut scene = Scene::new(settings());
    let generation = scene.ask_and_hear("First. Second. Third.", 1000);
    scene.audio(1, 1000);
    scene.until(2001);
    scene.audio(2, 2000);
    scene.until(4500);
    assert!(scene.has(&Command::ForgetPhrase {
        generation,
        phrase: 0
    }));
    scene.speech(4300);
    scene.tell(Input::Playback {
        generation,
        played: 10,
    });
    scene.until(4700);
    scene.silence(4600);
    scene.transcript("");
    assert!(scene.has(&Command::Resume {
        generation,
        at: 1000
    }));
    assert_eq!(scene.sent()[3..], [(1, 0, 1000), (2, 0, 2000)]);
}

#[test]
fn noise_upon_noise_pauses_the_bot_for_five_seconds_at_most() {
    let (mut scene, generation) = interrupted();
    scene.until(3250);
    scene.silence(3010);
    for at in (3300..9000).step_by(100) {
        scene.until(at);
        if scene.has(&Command::Resume {
            generation,
            at: 1200,
        }) {
            break;
        }
        scene.speech(at - 10);
        scene.until(at + 50);
        scene.silence(at - 5);
    }
    assert_eq!(
        scene.when(|it| *it
            == Command::Resume {
                generation,
                at: 1200
            }),
        8200
    );
}

#[test]
fn a_transcript_that_fails_is_a_false_alarm() {
    let (mut scene, generation) = interrupted();
    scene.until(3500);
    scene.silence(3300);
    let job = scene.transcribe();
    scene.tell(Input::TranscriptFailed { job });
    assert!(scene.has(&Command::Resume {
        generation,
        at: 1200
    }));
}

#[test]
fn speech_that_began_after_too_many_noises_still_interrupts() {
    let (mut scene, generation) = interrupted();
    for at in (3250..8100).step_by(100) {
        scene.until(at);
        scene.silence(at - 10);
        scene.until(at + 90);
        scene.speech(at + 88);
    }
    scene.until(8200);
    assert!(scene.has(&Command::Resume {
        generation,
        at: 1200
    }));
    scene.until(9000);
    assert!(has_ended(&scene, Outcome::Interrupted));
}

#[test]
fn noises_that_the_bot_went_on_after_do_not_add_up() {
    let (mut scene, generation) = interrupted();
    scene.until(3500);
    scene.silence(3300);
    scene.until(4400);
    assert_eq!(scene.state(), State::BotSpeaks);
    scene.until(4700);
    scene.speech(4500);
    scene.until(5000);
    scene.silence(4800);
    scene.until(6000);
    assert!(!has_ended(&scene, Outcome::Interrupted));
    let resumes =
        |it: &Command| matches!(it, Command::Resume { generation: own, .. } if *own == generation);
    assert_eq!(scene.count(resumes), 2);
}
