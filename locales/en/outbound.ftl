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
outbound-trouble-other = The mail could not be sent.

# A mail to a colleague; below the text stands a link to the request.
undelivered-subject = A mail to a patient did not arrive
undelivered-text = A mail from the desk did not reach the person it was for. Please look at the request:
