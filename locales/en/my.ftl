### Pages of patients who are signed in. Plain words: a child of eleven should understand them.

## Signing in
my-offer = Already a patient? See your requests:
my-sign-in-title = Sign in
my-sign-in-lead = See your requests to { $clinic } and write to us as yourself.
my-sign-in-help = Use the email address that we have for you.
my-sign-in-send = Email me a code
my-sign-in-passkey = Use a passkey
my-sign-in-no-account = There is no account to make. If we don't have your email yet, write to us here:
my-clinics-title = Where are you a patient?
my-code-title = Check your email
my-code-lead = If we have this address, a code is on its way to it. It works for { $minutes } minutes.
my-code = The code
my-code-none = No email after a few minutes? Look in your junk mail, or call us.
my-code-again = Ask for a new code
my-code-wrong = This code does not fit. Please look at the email again. You have three tries.
my-code-late = That code is used up or too old. Please ask for a new one.
my-too-many = That was a lot in a short time. Please wait an hour, or call us.
my-said-again = Please sign in again. We signed you out after a quiet time, to keep your pages safe.
my-said-out = You are signed out.

## Mail
my-mail-code-subject = Your code for { $clinic }
my-mail-code = Someone asked for a code to sign in at { $clinic } with this address. Here is the code:
my-mail-code-after = Type it on the page where you asked for it. We will never ask you for it, on the phone or by email. If it was not you, you can delete this email.
my-mail-device-subject = New sign-in at { $clinic }
my-mail-device = Someone signed in to your pages at { $clinic } on a device that we have not seen lately.
my-mail-passkey-added-subject = A passkey was added at { $clinic }
my-mail-passkey-added = A passkey was added to your pages at { $clinic }. Whoever has that device can sign in with it.
my-mail-passkey-removed-subject = A passkey was removed at { $clinic }
my-mail-passkey-removed = A passkey was removed from your pages at { $clinic }.
my-mail-passkey-stopped-subject = A passkey was stopped at { $clinic }
my-mail-passkey-stopped = Somebody used a passkey of yours at { $clinic } that may be a copy. We stopped it: it opens nothing any more.
my-mail-message-subject = You have a message from { $clinic }
my-mail-message = There is something new for you on your pages at { $clinic }. Please sign in the way you always do to read it.
my-mail-message-after = To keep it private, this email says nothing more. Any questions? Call us at { $phone }.
my-mail-not-you = If it was not you, call us at { $phone }. You can also sign in and choose to sign out everywhere.

## Every page
my-nav = Your pages
my-sign-out = Sign out
my-back = Back to your requests
my-acting = You are writing for { $name }.
my-acting-end = Stop
my-said-acting-over = You can no longer write for that person here. You are writing for yourself now, and nothing was sent.
my-said-ended = That device is signed out.
my-said-taken-back = You took it back. We do nothing more about it.
my-said-asked = We have your request. The date below says when we will answer.
my-said-passkey-added = Your passkey is ready.
my-said-passkey-removed = The passkey is gone.
my-shut-nobody-title = We don't know you as a patient yet
my-shut-nobody-text = This page is for patients. Our team has to link your email to your record first. Please write to us or call.
my-shut-scope-title = This is not open to you
my-shut-scope-text = What you may do for this person does not reach that far. Please call us if that is wrong.
my-shut-level-title = Your email is still new to us
my-shut-level-text = To keep records safe, this opens once we have had your email for more than 30 days. Until then, please call us.
my-shut-from = It opens by itself on { $date }.
my-unsent-title = You were signed out before this reached us
my-unsent-text = We sign you out after a quiet time, to keep your pages safe. Nothing was sent. Your words are still here: copy them, sign in again and send them. Or call us.
my-unsent-acting-title = Your message was not sent

## Requests
my-requests = My requests
my-requests-none = Nothing here yet. Write to us any time.
my-new = Write to us
my-last = Last message { $at }
my-others = I am writing for …
my-others-me = Myself
my-others-until = until { $date }
my-request-level = Opens once we have had your email for more than 30 days.
my-request-scope = What you may do for this person does not reach this.
my-nobody-yet = Our team has not linked your email to a patient yet, so you see only what you wrote from it.

## Who has seen my data
my-seen = Who has seen my data
my-seen-lead = Everyone who looked at your record or your requests here, the newest first.
my-seen-nobody = Nobody has looked at it yet.
my-earlier = Earlier days

## What I ask for my data
my-privacy = My data, my rights
my-privacy-lead = The law gives you rights over your data. Ask here. We answer by the date that the law sets.
my-ask = Ask for something
my-ask-what = What would you like?
my-ask-choose = Please choose what you would like.
my-ask-already = You asked for this already on { $date }, and we are working on it. You need to do nothing more.
my-ask-another = This is about something else. Please send it too.
my-ask-many = You sent a lot of requests today, and we have them all. Please wait until tomorrow, or call us.
my-ask-words = Tell us more
my-ask-send = Send
my-ask-access = See what you keep about me
my-ask-copy = A copy of my record to take away
my-ask-amendment = Put something right in my record
my-ask-restriction = Don't use or share some of it
my-ask-erasure = Delete my record
my-ask-accounting = A list of who my data was given to
my-ask-objection = Stop using my data for something
my-ask-complaint = Complain about how my data was handled
my-ask-communications = Be contacted in one way only: at one address, by phone or by post. Write which one below; you need not say why
my-asked-open = We are looking at it
my-asked-decided = Yes. We are working on it
my-asked-closed = Done
my-asked-refused = We had to say no
my-asked-partly = Yes to a part of it
my-asked-longer = It takes us longer:
my-refused-review = You can ask that another health professional, who did not decide this, looks at it again. Tell us, and it costs you nothing.
my-refused-disagree = You can write to us that you do not agree. We keep your words with your record. If you write nothing, you can ask us to hand on your request and our answer with that part of it.
my-refused-complain = You can complain to us about this: ask for it below, write to us or call. Nobody treats you worse for it.
my-refused-complain-hipaa = You can also complain to the U.S. Department of Health and Human Services, Office for Civil Rights: www.hhs.gov/ocr/complaints, 1-800-368-1019.
my-refused-complain-gdpr = You can also complain to the data protection authority where you live or work, or go to court.
my-reason-not-identified = We could not make sure that it is you who asks.
my-reason-psychotherapy-notes = These are a therapist's own notes, which the law keeps apart.
my-reason-legal-proceeding = It was written for a legal matter.
my-reason-confidential-source = It would show who told us something in confidence.
my-reason-endangers-life = A health professional judged that it could put you or somebody else in danger.
my-reason-harms-other = It would harm somebody else who is named in it.
my-reason-harms-by-representative = A health professional judged that it could do harm if the person who acts for you had it.
my-reason-not-created-here = It was not written by us. Please ask whoever wrote it.
my-reason-not-in-record = It is not a part of your record.
my-reason-is-accurate = What we have is right and complete.
my-reason-not-required = The law leaves this to us, and we are not able to do it.
my-reason-must-be-kept = The law says that we must keep it.
my-reason-suspended = An authority asked us not to tell it for a time.
my-reason-unfounded = We looked into it and found no ground for it.
my-reason-no-address = We were not told how we should reach you instead.
my-reason-not-reasonable = We are not able to reach you in this way.
my-reason-to-another = The law lets us say no to this, and we did.
my-reason-public-health = It is needed for care or for public health.
my-reason-legal-claims = It is needed for a legal matter.
my-reason-compelling-grounds = There are strong reasons to go on using it.
my-asked-earlier = What you asked earlier
my-take-back = Take this back
my-take-back-help = We stop working on it. You can ask again whenever you want.
my-take-back-yes = Yes, take it back
my-asked-withdrawn = You took it back
my-asked-on = Asked on { $date }.
my-asked-due = We answer by { $date }.
my-copy = Download the copy
my-copy-until = until { $date }

## What they said yes and no to
my-consents = What I agreed to
my-consents-lead = What we may write to you about, and what we may do with your data. One press is enough to change it. Your care does not depend on it.
my-consents-for = This is about { $name }.
my-consents-new-address = Your email is still new to us, so this page does not show what you said before. You can say no all the same.
my-consent-given = Yes, you said so
my-consent-refused = No, you said so
my-consent-restricted = Not while we keep to what we agreed with you
my-consent-withdrawn = No more, you said so
my-consent-not-needed = We may, unless you say no
my-consent-never-given = Not without your yes
my-consent-signed = A yes to this is signed. Please ask us. You can say no here at any time.
my-consent-no = No: { $purpose }
my-consent-no-party = No: { $purpose } ({ $party })
my-consent-yes = Yes. { $way }: { $address }
my-consent-nothing-title = No to everything
my-consent-nothing = I take back every yes that I gave. { $clinic } sends me nothing except answers to what I ask.
my-consent-nothing-do = No to everything
my-consent-wrong = That did not work, and nothing was changed. Please look again and press once more.
my-consent-changed = The words on this page have changed. Nothing was kept. Please read them, and press again.
my-consent-other = You are now writing for somebody else than before. Nothing was changed. Please look whom this is about.
my-said-consent-no = We keep to your no from now on.
my-said-consent-nothing = Done. We send you nothing except answers to what you ask.
my-said-consent-yes = Thank you. We keep your yes. You can take it back here at any time.

## The notice
my-notice-unread = Our notice says how we use and protect your data. You have not told us yet that you read it.
my-notice-read-it = Read the notice
my-notice-since = You have our notice since { $date }.
my-notice-read = I have read it
my-notice-help = This only says that you read it. You do not agree to anything with it.
my-notice-none = The clinic has not published a notice yet. Please call us if you want to know how we use your data.
my-said-notice-read = Thank you. We noted that you have read it.
my-said-notice-again = Nothing was noted, because this page was an older one. Please look again.

## Devices and passkeys
my-devices = Devices and passkeys
my-devices-lead = Where you are signed in now. If you don't know one, sign it out.
my-here = this one
my-by-code = Signed in with a code, { $at }.
my-by-passkey = Signed in with a passkey, { $at }.
my-used = Last used { $at }.
my-sign-out-everywhere = Sign out everywhere
my-sign-out-everywhere-help = For when you lost a device, or somebody else was in. Your passkeys are removed as well; you come in by a code next.
my-passkey-fresh = Please sign out and come in again first: a passkey can be added in the ten minutes after. So nobody adds one in a browser that you left open.
my-passkeys = Passkeys
my-passkeys-lead = With a passkey you sign in with your fingerprint, your face or your device's PIN. No code needed.
my-passkey-since = Added { $date }.
my-passkey-add = Add a passkey
my-passkey-make = Make the passkey
my-passkey-remove = Remove
