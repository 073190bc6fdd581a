### The staff's pages.

## Signing in
sign-in-title = Welcome back
sign-in-email = Email address
sign-in-password = Password
sign-in-failed = The email address or the password isn't right. Please try again.
sign-in-too-often = That was wrong a few times. Please wait a moment, then try again.
sign-in-link-title = Good to see you
sign-in-link-text = This link signs you in on this device.
code-title = One more step
code-label = Code
code-help = The six digits that the app on your phone shows for this desk.
code-failed = This code does not fit. The app shows a new one every 30 seconds, and each works once.
code-lost = I don't have my phone
code-recovery-label = Recovery code
code-recovery-help = One of those you kept when you set the app up. Each works once.
code-recovery-use = Use the recovery code
code-back = Sign in with another account
confirm-title = Is it you?
confirm-text = What comes next is worth a second look. Once you have confirmed, we won't ask again for ten minutes.
confirm-demo = Nobody in the demo has a password, so a click is enough.
confirm-code-help = Six digits from the app on your phone, or a recovery code.
confirm-failed = That doesn't fit. Please try again.
confirm-action = Confirm
confirm-impossible = You came in by a link some time ago and have no password yet. Ask whoever manages the staff for a fresh link: it lets you set one.
factor-title = A code besides your password
factor-intro = With this, a stolen password alone lets nobody in. You need an app on your phone that makes codes, such as Google Authenticator, Microsoft Authenticator, Aegis or your password manager.
factor-scan = Scan this picture with the app.
factor-picture = Picture for the app. The letters below say the same.
factor-here = The app is on this device: open it there
factor-type = Or type this into the app:
factor-code = Code that the app shows now
factor-wrong = This code does not fit. Check that your phone's clock is right, and type the newest code.
factor-turn-on = Turn it on
recovery-title = Your recovery codes
recovery-first = The second factor is on.
recovery-text = Keep these where your phone is not: on paper, or in a password manager. If the phone is gone, one of them lets you in, each once. We can't show them again.
recovery-kept = I have kept them
password-title = Set a password
password-new = New password
password-again = The same password once more
password-help = At least 15 characters. A few words are fine.
password-too-short = Please use at least 15 characters. A few words are fine.
password-too-long = Please use at most 200 characters.
password-too-simple = Please use more than one piece over and over, or letters in a row.
password-common = Many people use this password, and it is tried first. Please choose another one.
password-named = Please leave out the name of the clinic and of this program, and your own.
password-differs = The two passwords are not the same.

## Appearance
look-text = Text
look-text-usual = Usual
look-text-large = Large

## Said once after something was done
flash-confirm-first = Nothing was changed yet. Confirm that it is you, then send it once more.
flash-second-factor-first = Your role needs a second factor. Please set it up first.
flash-second-factor-off = The second factor is off.
flash-sign-in-anew = That took too long, or the code was wrong a few times. Please sign in once more.
flash-session-ended = It is signed out.
flash-sessions-ended = You are signed out everywhere else.
flash-signed-out = You are signed out.
flash-password-set = Your password is set.

## Navigation
nav-following = Following
nav-done = Done

## Lists
pages-label = Pages of this list
pages-first = To the beginning
welcome-title = Setting up?
welcome-text = Requests stand here as soon as they come in: by mail once there is a mailbox, and by the form that your website can link to.
welcome-mailbox = Mailboxes
welcome-people = People
welcome-form = The form
snoozed = Snoozed
snoozed-until = Snoozed until { $time }
crisis-banner = Someone may be in danger
crisis-open = Show them now
crisis-waiting = { $count ->
    [one] One request looks like a crisis and is still open.
   *[other] { $count } requests look like a crisis and are still open.
}
crisis-what-to-do = Follow your clinic's crisis steps now. Call rather than write where you can.
calm-title = Not a crisis
calm-help = When you are sure that nobody is in danger. Making it an emergency again takes it back.
calm-reason = Why nobody is in danger
calm-choose = Choose a reason
calm-other-meaning = The words meant something else
calm-past = It is past
calm-safe-already = It is about somebody else, who is safe already
calm-test-or-spam = A test or spam
calm-other = Something else
calm-words = In your own words
calm-words-help = kept as a note; needed for “Something else”
calm-urgency = How urgent is it now?
calm-save = Nobody is in danger

## Ticket
ticket-about = About this request
ticket-details = Details
ticket-subject = Subject
ticket-no-text = (No text)
ticket-language = Language of the answer
ticket-fields = Own fields
ticket-why = Why it was placed here
why-earlier = Earlier messages of the last days add to it
found-emergency = Possible emergency: { $kind }
found-concern = To be looked at today: { $kind }
found-none = Words of danger, probably not meant
found-slight = Slight signs of danger
found-very-sure = The program is very sure. A person decides.
found-fairly-sure = The program is fairly sure. A person decides.
found-unsure = The program isn’t sure. Please read it yourself.
found-faint = It may well be nothing: the program rings early rather than late. Please read it yourself.
found-in-subject = (in the subject)
found-lowered = Lowered because { $why }.
found-earlier = Written before by this person, or for the same patient:
guard-negated = it is said not to be so
guard-historical = it is told as something of the past
guard-hypothetical = it is only a what-if
guard-someone-else = it was somebody else’s, in the past
guard-figure = it reads like a joke or a figure of speech
guard-quoted = it stands in an earlier message or in added text
guard-unlikely = the message as a whole reads harmless
ticket-danger = Possible danger: { $kind }
danger-cardiac = Heart
danger-stroke = Stroke
danger-breathing = Breathing
danger-anaphylaxis = Severe allergic reaction
danger-bleeding = Heavy bleeding
danger-overdose = Overdose or poisoning
danger-self-harm = Suicide or self-harm
danger-violence = Threat to hurt someone
danger-abuse = Abuse or neglect
danger-pregnancy = Pregnancy or birth
danger-infant = Baby or small child
danger-neurological = Seizure, fainting or sudden confusion
danger-sepsis = Severe infection
danger-trauma = Serious injury
danger-post-operative = After an operation
danger-diabetic = Blood sugar
danger-other = Another acute danger
status-clinical-only = Clinicians resolve or close these requests. You can answer, and give it to one.
ticket-unsure = The desk wasn't sure. Please have a look and correct it.
ticket-join = Link or merge
ticket-number = Number of the other request
ticket-split = Split off
ticket-split-which = Which messages go into the new request?
ticket-links = Linked requests
ticket-others = Other requests of this person
sub-status = Finer status
tags-help = with commas between
author-system = Another system
action-follow = Follow
action-unfollow = Stop following
action-link = Link
action-merge-into = Merge into it
action-add-note = Add note
merged-notice = This request went into another one:
link-related = Related
link-merged-into = Went into
link-merged-from = Came from
link-split-from = Split from
link-split-into = Split into
snooze-1h = For 1 hour
snooze-4h = For 4 hours
snooze-1d = Until tomorrow, 8:00
snooze-3d = For 3 days
snooze-7d = For a week
snooze-off = Wake it up now

## Composer
composer-kind = Kind of message
composer-to = To
composer-secure = goes behind a secure link
composer-no-address = There is no email address. Your answer stays here; call them or send a text.
composer-empty = Write something first.
composer-too-long = This is too long to send. Please make it shorter, or send it as a file.
saved-replies = Saved replies
stale-changed = Changed meanwhile: { $fields }. Your text is kept; look it over and send it once more. Files must be attached again.
stale-words = Something new was written meanwhile. Your text is kept; look it over and send it once more. Files must be attached again.
stale-details = Changed meanwhile: { $fields }. That is shown as it is now. What else you chose is still here; look it over and save once more.
stale-details-words = Something new was written meanwhile. What you chose is still here; look it over and save once more.
error-tags = A tag has letters, digits, dashes and spaces, at most 40 characters; a request has at most 30 tags.
error-files = A message has at most 20 files.
error-fields = One of the fields has a value that doesn't fit.
error-snooze = Choose a time that is still to come.
error-crisis-snooze = A crisis can't be snoozed.
error-clinical-only = Clinicians resolve or close these requests. Answer and leave it open, or give it to one.
error-calm-needed = Before an emergency gets a lower urgency, say under “Not a crisis” why nobody is in danger.
error-calm-reason = Choose why nobody is in danger.
error-calm-words = Say in your own words why nobody is in danger, in at most 500 characters.
error-no-crisis = This request is no emergency any more.
error-other = There is no request with this number.
error-same-ticket = This is the same request. Write the number of another one.
error-merged = One of the two went into another request already.
error-other-person = These requests are from different people. Link them instead.
error-nothing-left = Leave at least one message here.
error-sent = This answer is already on its way.

## Timeline
message-automatic = Automatic
message-remote = Pictures from other places are left out, so that the sender can't see when you read this.
message-earlier = Earlier messages
undo-help = It hasn't been sent yet.
delivery-queued = On its way
delivery-accepted = At their mail server
delivery-stored = Ready to read
delivery-bounced = Came back
delivery-bounced-help = Their mail server sent this back, so they haven't read it. Please check the address or call them.
delivery-failed = Not sent
delivery-failed-help = This couldn't be sent. Please check the address or reach them another way.
ticket-end-links = End the links of this request
ticket-end-links-help = For a link that went to the wrong person or to an old address. Every link to this request stops working at once, the patient's too. They get a new one with your next answer.
action-end-links = End the links
ticket-undelivered = Our mail did not arrive
delivery-cancelled = Taken back
address-unproven = Address not confirmed
address-unproven-help = This came by the form on the web, where anybody can type any address. Say nothing private until they have answered from it, or call the number in the patient's record.
address-unproven-mail-help = Nothing shows that this mail is from the address it names. Say nothing private until they have answered a mail of ours, or call the number in the patient's record.
sender-failed = Sender check failed
sender-failed-help = The mail server says that this may not be from the address it names. Say nothing private, and call the number in the patient's record.
patient-by-address = Shown because of the address, which isn't confirmed.
ticket-feedback = What the feedback is about
ticket-feedback-whole = On the whole
sentiment-very-positive = very good
sentiment-positive = good
sentiment-neutral = neither good nor bad
sentiment-negative = bad
sentiment-very-negative = very bad
ticket-rating = How it went
address-bounced = Mail comes back
event-patient-side = The patient's side
event-created = Request opened
event-status = { $who } set the status to { $value }
event-urgency = { $who } set the urgency to { $value }
event-not-a-crisis = { $who } said that nobody is in danger: { $value }
event-category = { $who } set the category to { $value }
event-queue = { $who } moved this to { $value }
event-took = { $who } took this
event-assigned = { $who } gave this to { $value }
event-unassigned = { $who } gave this back to everyone
event-snoozed = { $who } snoozed this until { $value }
event-woken = { $who } woke this up
event-merged = { $who } merged #{ $value } into this
event-split = { $who } split off #{ $value }
event-linked = { $who } linked #{ $value }
event-rated = Rated { $value } of 5
event-changed = { $who } changed: { $value }

## Search
search-label = Words, names or numbers
search-help = For example: refill status:open before:2026-03-01
search-not-understood = We couldn't read that search. Try plain words.
search-results = What was found

## Patients
patients-help = Fill in one line. We look for exactly this, so that nobody else's record opens.
patients-found = { $count ->
    [0] Nobody found
    [one] One person found
   *[other] { $count } people found
}
patients-none = Check the spelling, or try another detail.
patient-name = Name
patient-full-name = Full name
patient-born = Born
patient-birth-date = Birth date
patient-with-birth-date = Birth date, together with the full name
patient-mrn = Record number
patient-email = Email address
patient-phone = Telephone
patient-mail = Answers by mail
patient-secure = Behind a secure link
patient-open = In the mail itself
patient-wants-secure = No content in mail: answers go behind a secure link
patient-details = Details
patient-contacts = Who writes for them
patient-requests = Requests
patient-no-requests = No requests yet
patient-no-requests-text = What they write to you appears here.
patient-unknown = Not linked to a patient yet.
patient-find = Find patient
patient-add = Add patient
patient-edit = Change details
patient-link = This is them
patient-unlink = Not theirs
patient-error-birth-date = Please check the birth date.
patient-error-birth-date-range = A birth date can't be after today or before 1880. Please check it.
patient-error-mrn = A record number has letters and digits, at most 40.
patient-error-mrn-taken = Another patient has this record number.
patient-error-phone = Please check this telephone number.
patient-error-address-taken = This address belongs to someone already. Link that contact instead.

## New request
new-help = For somebody who called or came by. Write down what they need in their words.
new-channel = How they reached you
new-language = Their language
new-language-auto = Tell from the text
new-name = Their name
new-category-auto = Let the desk decide
new-body = What they need
new-acknowledge = Tell them by email that it came in
new-open = Open request
new-error-address = An email address or a telephone number is needed.

## Said once after something was done
flash-saved = Saved.
flash-sent = Your message is in.
flash-taken = This is yours now.
flash-calmed = Noted. This is no crisis any more.
flash-merged = Merged.
flash-linked = Linked.
flash-split = The new request is open.
flash-links-ended = The links of this request open nothing any more.
flash-undone = Taken back. It wasn't sent.
flash-created = The request is open.

## When something is not there
error-to-desk = To the desk
error-to-clinic = Write to the clinic
error-to-sign-in = I work here

## Where somebody is signed in
account-title = Your sign-in
account-sessions = Where you are signed in
account-sessions-intro = If you don't know one of these, sign it out and set a new password: that ends all the others.
account-by-password = with your password
account-by-link = with a link
account-by-code = with a code as well
account-factor = Second factor
account-factor-on = You show a code of an app besides your password, since { $at }.
account-factor-codes = { $count ->
    [0] No recovery code is left. Please make new ones.
    [one] One recovery code is left. Please make new ones.
   *[other] { $count } recovery codes are left.
}
account-factor-new-codes = Make new recovery codes
account-factor-turn-off = Turn it off
account-factor-off = With an app on your phone, a stolen password alone lets nobody in.
account-factor-turn-on = Turn it on
account-since = since { $at }
account-used = last used { $at }
account-here = This browser
account-end = Sign out
account-end-others = Sign out everywhere else
device-on = { $browser } on { $system }
device-unknown = A device we don't know
device-firefox = Firefox
device-chrome = Chrome
device-edge = Edge
device-safari = Safari
device-opera = Opera
device-samsung = Samsung Internet
device-windows = Windows
device-mac = Mac
device-linux = Linux
device-android = Android
device-iphone = iPhone
device-ipad = iPad
device-chromeos = ChromeOS
device-other = Another browser

## Restricted records
problem-restricted = This record is restricted
problem-restricted-detail = Few colleagues see it, because of who it is about or what is in it. If you need it to help this person, you can open it and say why.
restricted-title = Open a restricted record
restricted-intro = Few colleagues see this record. Open it only if you need it to help this person now.
restricted-told = It stays open for { $minutes } minutes. Who is responsible for privacy hears of it at once, and somebody asks about every case.
restricted-why = Why do you need it?
restricted-danger = Somebody is in danger
restricted-treatment = I take care of this patient
restricted-asked = The patient asked me to
restricted-stands-in = I stand in for whoever usually does this
restricted-other = Something else
restricted-words = In your own words
restricted-words-help = What you are about to do, in a sentence.
restricted-open = Open this record
restricted-error-reason = Please choose why you need it.
restricted-error-short = Please say in a few words why you need it.
restricted-error-long = Please use at most 500 characters.
restricted-request = Restricted request
restricted-patient = Restricted record
patient-labels = Who may see this record
patient-labels-help = Without a tick, everybody who sees patients. With one, only roles that are meant for it; anybody else has to say why. You may not see it any more yourself.
label-vip = Known to the public
label-employee = Works here
label-part2 = Substance use treatment (Part 2)
label-adolescent = Young person with care of their own
flash-restricted-opened = Open to you for 60 minutes. It is on the list of who reviews privacy.
