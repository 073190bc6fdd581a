### What stands in the way of a mail, for the people who set the desk up. The codes are kept; the words are here.

outbound-trouble-no-mailbox = No mailbox can send. The mail goes out when one is set up.
outbound-trouble-connection = The mail server can't be reached. The desk keeps trying.
outbound-trouble-sending = The mail is being handed over.
outbound-trouble-may-have-arrived = The connection broke before the mail server had answered, so the mail may have arrived or not.
outbound-trouble-held = It waited when a backup was made that was put back since, and may have gone out. Look whether they have it before you try again.
outbound-trouble-gave-up = It was tried for 72 hours without success.
outbound-trouble-address = This is not a mail address, or it is not the person's any more.
outbound-trouble-template = The text of this mail can't be filled in. Look at the templates.
outbound-trouble-settings = The settings of the mail server can't be used.
outbound-trouble-smtp = The mail server did not take the mail.
outbound-trouble-bounced = The mail came back.
outbound-trouble-file-unchecked = A file in it could not be checked for viruses. It is tried again.
outbound-trouble-file-infected = A file in it is harmful, so the mail was not sent. Answer again without it.
outbound-trouble-other = The mail could not be sent.

# A mail to a colleague; below the text stands a link to the request.
notice-subject = News about your sign-in
notice-new-device = Your account was signed in to at { $at } with a browser or device that you have not used here lately.
notice-by-link = A link that works once let somebody into your account at { $at }.
notice-wrong-code = Somebody who knows your password, or has a link of yours, typed wrong codes until { $at } and did not get in.
notice-after-wrong = Your password was typed right at { $at }, after several wrong tries.
notice-moved = Your sign-in turned up in another browser at { $at }. We ended it, in case somebody took it along. If this was you, simply sign in again.
notice-password = A new password was set for your account at { $at }.
notice-role = Your role at the desk was changed at { $at }. Please sign in again.
notice-role-more = Your role at the desk opens more since { $at }. Your password and your passkeys ended with it: whoever manages the staff gives you a link by which you come in and set a new one.
notice-address = Since { $at } this is your address at the desk: your clinic's directory of people says so. Please sign in again with it.
notice-factor-added = A second factor was added to your account at { $at }.
notice-factor-removed = The second factor of your account was turned off at { $at }.
notice-factor-reset = Whoever manages the staff reset the second factor of your account at { $at }.
notice-recovery-codes = New recovery codes were made for your account at { $at }. Those you had before work no more.
notice-recovery-used = A recovery code was used to confirm who you are at { $at }.
notice-passkey-added = A passkey was added to your account at { $at }.
notice-passkey-removed = A passkey of your account was removed at { $at }.
notice-passkey-stopped = A passkey of yours was shown at { $at } by a device that may be a copy. The passkey works no more, and you are signed out everywhere. Sign in another way, remove it and make a new one.
notice-sso-linked = Your account here was connected at { $at } with an account at your organisation: whoever signs in with that one comes in as you.
notice-sso-left = Your account here was disconnected at { $at } from the one at your organisation.
notice-not-you = If you know about this, there is nothing to do. If not, tell whoever manages the staff at once, and look at your sign-in:
notice-opening = A colleague opened a restricted record at { $at } and said why. Nothing about the patient is in this mail.
notice-exception-subject = Something waits for a second look
notice-past-rules = A colleague opened a request because of an emergency, or changed a patient’s phone or email without the usual steps, at { $at }, and said why. Nothing about the patient is in this mail.
notice-exception-look = Please have a look, and sign it off or say what happens next:
notice-retention-subject = More records will go by age
notice-retention = At { $at } it was decided that more records go by age. If that was not you, ask who did. It counts a day later. Nothing about a patient is in this mail.
notice-retention-look = Please have a look. Until then it can be taken back:
notice-provisioning-subject = Your identity provider can’t reach the desk any more
notice-provisioning = Its API token ended at { $at }, because the person who made it can’t come in any more or may do less now. Until there is a new one, people who leave your organisation stay in here unless somebody locks them out by hand.
notice-provisioning-look = Please make a new token, and give it to the provider:
notice-renewal-subject = Something at the desk runs out
notice-renewal = Something with which the desk or another system signs in runs out soon, or has no end ({ $at }).
notice-renewal-look = The page of the settings says what, and until when. Please renew it before:
notice-link-ends-subject = Your link to the desk ends soon
notice-link-ends = The link by which you come in to the desk ends within a day ({ $at }), and you have not used it yet.
notice-link-ends-look = Open the mail or message in which you got it, or ask whoever manages the staff for a new one. This is the desk:
invitation-subject = Your way in to the desk
invitation-text = This link lets you in to the desk of { $clinic }. It works once, within three days, and it is for you alone: please pass it on to nobody.
invitation-look = If you did not expect it, tell whoever manages the staff, and do not open it.
undelivered-subject = A mail to a patient did not arrive
undelivered-text = A mail from the desk did not reach the person it was for. Please look at the request:

# Mails about who somebody is. They name nobody and nothing.
identity-code-subject = Your code from { $clinic }
identity-code-before = Somebody at { $clinic } is in touch with you and wants to be sure that it is you. Tell them this code:
identity-code-after = It works once, for 10 minutes. If you are not in touch with us right now, tell it to nobody and call us: { $phone }
identity-changed-subject = Contact details at { $clinic } were changed
identity-changed-what = A phone number or email address that { $clinic } has for you, or for somebody you are in touch with us about, was changed, added or taken away. This mail goes to the addresses that were there before.
identity-changed-call = If you know nothing of this, please call us: { $phone }. If you do, there is nothing to do.
