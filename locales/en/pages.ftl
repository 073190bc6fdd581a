### The staff's pages.

## Signing in
sign-in-title = Welcome back
sign-in-email = Email address
sign-in-password = Password
sign-in-failed = The email address or the password isn't right. Please try again.
sign-in-too-often = That was wrong a few times. Please wait a moment, then try again.
sign-in-link-title = Good to see you
sign-in-link-text = This link signs you in on this device.
password-title = Set a password
password-new = New password
password-again = The same password once more
password-help = At least 15 characters. A few words are fine.
password-too-short = Please use at least 15 characters. A few words are fine.
password-too-long = Please use at most 200 characters.
password-too-simple = Please use more than one character over and over.
password-differs = The two passwords are not the same.

## Appearance
look-text = Text
look-text-usual = Usual
look-text-large = Large

## Said once after something was done
flash-signed-out = You are signed out.
flash-password-set = Your password is set.

## Navigation
nav-done = Done
