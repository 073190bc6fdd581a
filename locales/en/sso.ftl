# Signing in with the organisation's own account.

sign-in-or = Or with what you have here:
sign-in-sso-failed = You could not be signed in with this account. Try once more. If it stays like this, ask whoever manages the staff: the desk's log says why.
sign-in-sso-late = That took too long, or it began in another window. Please begin once more.
sign-in-sso-down = The place where you sign in does not answer at the moment. Please try again in a few minutes.
flash-sso-failed = That did not confirm who you are. Sign in there as yourself, and type your password anew when it asks.
flash-sso-late = That took too long, or it began in another window. Please begin once more.
flash-sso-down = The place where you sign in does not answer at the moment. Please try again in a few minutes.
confirm-sso = Sign in with your organisation's account once more
account-by-sso = with your organisation's account
account-sso-only = You sign in with your organisation's account, so you have no password here.

## The settings

admin-sso = Single sign-on
admin-sso-intro = Let people sign in with the account they have at your organisation.
admin-sso-about = People sign in at your own provider (Keycloak, Entra ID, Okta, Google and others, by OpenID Connect), and its groups say which role they have here. The guide for administrators has the steps for each. Keep one administrator with a password and a second factor who does not sign in there: it lets you in when the provider is down.
admin-sso-provider = The provider
admin-sso-issuer = Address of the provider (issuer)
admin-sso-issuer-help = Exactly as the provider names itself, such as https://login.clinic.example/realms/staff.
admin-sso-client = Client id
admin-sso-client-help = The provider gives it to you when you register this desk there. It asks you for a return address (redirect URI): { $address }
admin-sso-secret = Client secret
admin-sso-secret-new = The provider shows it with the client id. It is kept sealed and never shown again.
admin-sso-secret-help = Leave it empty to keep the one there is. Another provider or client id needs its own.
admin-sso-button = Words on the button
admin-sso-button-help = What people see on the sign-in page, such as “Sign in with my clinic account”.
admin-sso-roles = Who gets which role
admin-sso-claim = Claim with the groups
admin-sso-claim-help = Where the provider says which groups somebody is in. Most call it groups; with Keycloak it can be realm_access.roles.
admin-sso-role = Groups whose people are: { $role }
admin-sso-role-help = One group on each line, as the provider writes it. Where somebody's groups fit several roles, the uppermost one counts. Who has none of these groups has no access, from their next sign-in on.
admin-sso-rules = What holds for them
admin-sso-makes = Make an account at the first sign-in
admin-sso-makes-help = Otherwise only people whom you added before come in. Either way the provider must say that their email address is verified.
admin-sso-only = This is their only way in
admin-sso-only-help = Who has signed in this way once can't come in by a password or passkey of this desk any more, which would pass your provider by. A link that you make for somebody still works, once.
admin-sso-factor = Words for a second factor
admin-sso-factor-help = Leave this empty unless your provider asks everybody for a second factor: the desk then asks for its own. If it does, write what it says about it in amr or acr, such as mfa, one on each line. Who signs in with such a word is not asked here again.
admin-sso-enabled = People can sign in this way
admin-sso-enabled-help = Save first, try it, then tick this: the button stands on the sign-in page from then on.
admin-sso-test = Try it
admin-sso-test-help = Asks the provider, as it is saved, what it says about itself. Nobody is signed in.
admin-sso-works = The provider answers and can be used. What is left to see is whether it takes the client id and secret: sign in once in another browser.
admin-sso-trouble-address = This address can't be used. Copy it from the provider once more.
admin-sso-trouble-not-https = The provider is reached without encryption somewhere. Every address of it has to begin with https.
admin-sso-trouble-not-allowed = An address of the provider leads to this server or into a private network. If that is right, whoever runs the desk adds it to allowed_destinations in its settings file.
admin-sso-trouble-no-such-name = Nobody knows this name. Look for a typing error, or ask whoever looks after your network.
admin-sso-trouble-no-connection = Nobody answers at this address. Look at the address, the port and the firewall.
admin-sso-trouble-tls = The certificate of the provider is not trusted by this server, or belongs to another name.
admin-sso-trouble-too-slow = The provider did not answer within six seconds.
admin-sso-trouble-too-long = What the provider sends is far longer than it should be. Look at the address.
admin-sso-trouble-protocol = What answers there is no web server. Look at the address and the port.
admin-sso-trouble-no-description = There is no provider at this address: /.well-known/openid-configuration is missing below it, or leads elsewhere.
admin-sso-trouble-bad-description = What the provider says about itself, or its keys, can't be read.
admin-sso-trouble-other-issuer = The provider names itself otherwise than you wrote. Compare letter by letter, also the slash at the end.
admin-sso-trouble-no-tokens = The provider has no token endpoint, so nobody can sign in by code.
admin-sso-trouble-no-signatures = The provider signs with a shared secret only. Choose RS256, ES256 or EdDSA there.
admin-sso-trouble-no-keys = The provider publishes no key that its signatures could be checked by.
admin-sso-trouble-no-pkce = The provider does not know PKCE with S256. Turn it on there.
admin-error-sso-issuer = Write the provider's address, such as https://login.clinic.example.
admin-error-sso-client = Write the client id as the provider gave it.
admin-error-sso-secret = Write the client secret as the provider gave it.
admin-error-sso-secret-needed = Write the client secret that belongs to this provider and client id.
admin-error-sso-claim = Write the name of the claim that carries the groups.
admin-error-sso-groups = There can be 500 groups, each of up to 255 characters.
admin-error-sso-no-group = Name at least one group, or nobody can come in.
admin-error-sso-factor = There can be 20 words, each of up to 255 characters.
admin-error-demo = In the demo this stays as it is.
admin-staff-forget-sso = Disconnect from the organisation's account
admin-staff-forget-sso-help = They sign in with your organisation's account, which also sets their role. Disconnect them when they have a new account there: whoever signs in next with their verified email address is connected. Their sessions end.

## The audit log

audit-kind-sso-provider = Single sign-on
audit-action-sso-change = Changed single sign-on
audit-action-sso-remove = Removed single sign-on
audit-action-sso-try = Tried single sign-on out
audit-action-sso-link = Was connected to the organisation's account
audit-action-sso-forget = Disconnected a colleague from the organisation's account
audit-action-sso-show = Signed in at the organisation's provider
audit-detail-groups = groups
audit-detail-found = found
audit-detail-enabled = can sign in
audit-detail-makes-accounts = makes accounts
audit-detail-only-way = only way in
audit-detail-trusted-words = words for a second factor
