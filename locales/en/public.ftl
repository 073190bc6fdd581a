### Pages for patients. Plain words: a child of eleven should understand them.

## Every public page
public-foot-emergency = In an emergency, call { $number }. Don't wait for our answer here.
public-rate-limited-detail = That was a lot in a short time. Please wait an hour, or call us.
public-nobody-here = Your message was not sent
public-nobody-here-detail = Nobody can read it at this address any more. Please call us, or copy your words from here and write to us again.
public-internal-detail = It is not your fault, and we have been told. Please try again in a few minutes.
public-file-waiting = This file is being checked
public-file-waiting-detail = We check every file before anybody opens it. Please try again in a few minutes.
public-file-infected = This file can't be opened
public-file-infected-detail = Our check found something harmful in it. Everything else in your conversation is fine. Please write to us or call if you need what was in it.
public-picture-damaged = This picture can't be opened here
public-picture-damaged-detail = It was damaged on its way. If you need it, please write to us or call.

## Emergency
public-emergency-text = Please don't write here. Call now. Someone is there day and night.
public-emergency-call = Call { $number } now
public-emergency-talk = Feeling hopeless? Call or text { $number }
public-emergency-read = Please read this now
public-emergency-maybe = Your message may be about something that can't wait. If you or someone near you is in danger, call now. Please don't wait for our answer.
public-emergency-lost = If you can, tell us how to reach you: a phone number, or where you are.
public-reach-send = Tell us
public-reach-said = Thank you. We have it now, with your message.
public-error-reach = Please write a phone number, or where you are.
public-error-reach-long = That is too long. A phone number is enough, or where you are.
public-emergency-alerted = We have your message. We told our team, and someone will look at it first.

## Request form
public-request-title = Write to us
public-request-lead = Send a question to { $clinic }. A person will read it and answer you by email.
public-request-trap = Leave this empty
public-request-category = What is it about?
public-request-category-unsure = I'm not sure
public-request-name = Your name
public-request-email = Your email
public-request-email-help = We answer to this address.
public-request-message = Your message
public-request-message-help = Tell us what you need. If it is for someone else, tell us who.
public-request-files = Photos or files
public-request-files-help = Up to { $count } files, each up to 25 MB and 50 MB together.
public-request-private = Only our team can read this.
public-request-send = Send
public-any-clinic = Patient requests
public-clinics-title = Which clinic do you want to write to?

## When the form comes back
public-note-title = Please send it once more
public-note-again = We kept what you wrote. Please look at it and press Send again.
public-note-old = This page was open for a long time. We kept what you wrote. Please look at it and press Send again.
public-note-too-many = We got a lot of messages from here in a short time. We kept what you wrote. Please wait an hour and press Send again, or call us.
public-note-unavailable = Something on our side is busy. We kept what you wrote. Please wait a minute and press Send again.
public-note-files = Please choose your files again.
public-error-category = Please choose from the list.
public-error-name = Please tell us your name.
public-error-name-long = Please use a shorter name.
public-error-email-missing = Please tell us your email.
public-error-email = Please check your email. It should look like name@example.com.
public-error-message = Please write your message.
public-error-message-long = Your message is too long. Please make it shorter, or send it as a file.
public-error-files-many = That is more than 5 files. Please choose fewer.
public-error-files-today = You have sent as many files as we can take from one person in a day. Your words can go now without them; send the files tomorrow, or call us if it can't wait.
public-error-files-no-room = So many files are being sent at the moment that there was no room for yours. Please wait a minute and send them again.
public-error-files-slow = Your files took too long to arrive. Please choose smaller ones, or send your message without them.
public-kept = What you wrote
public-kept-help = We could not take this in. You can copy it from here, so that you need not write it again.
public-error-files-large = One file is larger than 25 MB. Please choose a smaller one.
public-error-files-together = Your files are larger than 50 MB together. Please choose fewer or smaller ones.

## It arrived
public-thanks-title = We have your message
public-thanks-number = Your number: { $number }
public-thanks-step-mail = We send you a short email to say that it came in.
public-thanks-step-read = A person on our team reads your message.
public-thanks-step-answer = You get our answer by email. You can write back to it.

## When to expect an answer
public-answer-soon = We will answer as soon as we can.
public-answer-today = You will hear from us today, by { $time }.
public-answer-tomorrow = You will hear from us tomorrow, by { $time }.
public-answer-weekday = You will hear from us by { $day }, { $time }.
public-answer-date = You will hear from us by { $date }.
public-weekday-1 = Monday
public-weekday-2 = Tuesday
public-weekday-3 = Wednesday
public-weekday-4 = Thursday
public-weekday-5 = Friday
public-weekday-6 = Saturday
public-weekday-7 = Sunday

## A thread behind a link
public-open-title = Your messages with us
public-open-text = To keep them private, this link opens in one browser only. Press the button to open it here.
public-open-button = Open my messages
public-elsewhere-title = This link was opened elsewhere
public-elsewhere-text = It only works in the browser that opened it first. We can send you a new one by email.
public-elsewhere-button = Send me a new link
public-link-ended-title = This link has ended
public-link-ended-text = For your safety our links work for a limited time. We can send a new one to your email.
public-link-ended-button = Send me a new link
public-link-over-title = This link no longer works
public-link-over-text = We can't send a new one from here. Please write to us again or call us, and we'll help you.
public-renewed-title = Please look at your email
public-renewed-text = If this link was yours, a new one is on its way to you. It can take some minutes.
public-reach = You can also reach us like this:
public-thread-title = Your request
public-thread-you = You
public-thread-you-told = You told us
public-thread-reply = Write back
public-thread-thanks = Thank you. We have your message.
public-thread-file-waiting = We have it, and are checking it. That is done with every file.
public-thread-file-refused = We can't open this file: our check found something harmful in it. This happens without anybody's fault. Your words reached us. Please send a photo of it, or tell us in words what it says; and have your own device checked.
public-thread-file-harmful = This file can't be opened: our check found something harmful in it. Please write to us if you need it.
public-thread-opened = Thank you. We have your message. It is in a new request: number { $number }.
public-thread-anew = What you write here goes into a new request. We will see both together.

## Rating
public-rating-title = How did we do?
public-rating-lead = Choose one and press Send. It helps us do better.
public-rating-legend = How was our help?
public-rating-5 = Very good
public-rating-4 = Good
public-rating-3 = Okay
public-rating-2 = Not good
public-rating-1 = Bad
public-rating-comment = Do you want to tell us more?
public-rating-send = Send
public-rating-choose = Please choose one.
public-rating-ended-title = This link has ended
public-rating-ended-text = You can't answer here any more. Thank you for trying.
public-rated-title = Thank you
public-rated-text = We have your answer.
public-rated-again = Change it, or add a few words

## Before a link of a message is followed
away-public-intro = It is not one of our pages. Look at the address before you go on.
away-public-warning = Never type a code of ours there.
away-public-back = Back to your request
