# Iniciar sesión con la cuenta de la propia organización.

sign-in-or = O con lo que tiene aquí:
sign-in-sso-failed = No se pudo iniciar sesión con esta cuenta. Inténtelo otra vez. Si sigue igual, pregunte a quien gestiona el personal: el registro dice por qué.
sign-in-sso-late = Tardó demasiado, o empezó en otra ventana. Empiece otra vez, por favor.
sign-in-sso-down = El lugar donde inicia sesión no responde en este momento. Inténtelo de nuevo en unos minutos.
flash-sso-failed = Eso no confirmó quién es usted. Inicie sesión allí con su propia cuenta y escriba su contraseña de nuevo cuando se la pida.
flash-sso-late = Tardó demasiado, o empezó en otra ventana. Empiece otra vez, por favor.
flash-sso-down = El lugar donde inicia sesión no responde en este momento. Inténtelo de nuevo en unos minutos.
confirm-sso = Iniciar sesión otra vez con la cuenta de su organización
account-by-sso = con la cuenta de su organización
account-sso-only = Usted inicia sesión con la cuenta de su organización, así que aquí no tiene contraseña.

## Los ajustes

admin-sso = Inicio de sesión único
admin-sso-intro = Deje que las personas entren con la cuenta que tienen en su organización.
admin-sso-about = Las personas inician sesión en su propio proveedor (Keycloak, Entra ID, Okta, Google y otros, por OpenID Connect), y los grupos de allí dicen qué función tienen aquí. La guía de administración tiene los pasos de cada uno. Conserve una persona de administración con contraseña y segundo factor que no entre por allí: le deja entrar cuando el proveedor no funciona.
admin-sso-provider = El proveedor
admin-sso-issuer = Dirección del proveedor (issuer)
admin-sso-issuer-help = Tal como el proveedor se llama a sí mismo, por ejemplo https://login.clinica.example/realms/personal.
admin-sso-client = Identificador de cliente
admin-sso-client-help = El proveedor se lo da cuando registra allí este puesto. Le pide una dirección de regreso (redirect URI): { $address }
admin-sso-secret = Secreto del cliente
admin-sso-secret-new = El proveedor lo muestra junto al identificador. Se guarda sellado y no se muestra nunca más.
admin-sso-secret-help = Déjelo vacío para conservar el que hay. Otro proveedor u otro identificador necesita el suyo.
admin-sso-button = Texto del botón
admin-sso-button-help = Lo que se ve en la página de inicio de sesión, por ejemplo “Entrar con mi cuenta de la clínica”.
admin-sso-roles = Quién recibe qué función
admin-sso-claim = Dato con los grupos (claim)
admin-sso-claim-help = Dónde dice el proveedor en qué grupos está alguien. Casi todos lo llaman groups; con Keycloak puede ser realm_access.roles.
admin-sso-role = Grupos cuyas personas son: { $role }
admin-sso-role-help = Un grupo en cada línea, como lo escribe el proveedor. Si los grupos de alguien valen para varias funciones, cuenta la de más arriba. Quien no está en ninguno de estos grupos no tiene acceso, desde su próximo inicio de sesión.
admin-sso-rules = Lo que vale para estas personas
admin-sso-makes = Crear una cuenta en el primer inicio de sesión
admin-sso-makes-help = Si no, solo entran las personas que usted agregó antes. En ambos casos el proveedor debe decir que su correo está verificado.
admin-sso-only = Es su única forma de entrar
admin-sso-only-help = Quien ha entrado así una vez ya no puede entrar con una contraseña o llave de acceso de este puesto, que dejaría de lado a su proveedor. Un enlace que usted haga para alguien sigue funcionando, una vez.
admin-sso-factor = Palabras de un segundo factor
admin-sso-factor-help = Déjelo vacío si su proveedor no pide un segundo factor a todas las personas: entonces este puesto pide el suyo. Si lo pide, escriba lo que dice de ello en amr o acr, por ejemplo mfa, uno en cada línea. A quien entra con una de estas palabras no se le pide otra vez aquí.
admin-sso-enabled = Se puede entrar de esta forma
admin-sso-enabled-help = Primero guarde, pruébelo y después marque esto: desde entonces el botón está en la página de inicio de sesión.
admin-sso-test = Probar
admin-sso-test-help = Pregunta al proveedor, tal como está guardado, qué dice de sí mismo. No se inicia ninguna sesión.
admin-sso-works = El proveedor responde y se puede usar. Falta ver si acepta el identificador y el secreto: inicie sesión una vez en otro navegador.
admin-sso-trouble-address = Esta dirección no se puede usar. Cópiela otra vez del proveedor.
admin-sso-trouble-not-https = En algún punto se llega al proveedor sin cifrado. Todas sus direcciones deben empezar por https.
admin-sso-trouble-not-allowed = Una dirección del proveedor lleva a este servidor o a una red privada. Si es correcto, quien opera el puesto la añade a allowed_destinations en su archivo de ajustes.
admin-sso-trouble-no-such-name = Nadie conoce este nombre. Busque un error de escritura o pregunte a quien cuida su red.
admin-sso-trouble-no-connection = Nadie responde en esta dirección. Revise la dirección, el puerto y el cortafuegos.
admin-sso-trouble-tls = Este servidor no confía en el certificado del proveedor, o es de otro nombre.
admin-sso-trouble-too-slow = El proveedor no respondió en seis segundos.
admin-sso-trouble-too-long = Lo que envía el proveedor es mucho más largo de lo debido. Revise la dirección.
admin-sso-trouble-protocol = Lo que responde allí no es un servidor web. Revise la dirección y el puerto.
admin-sso-trouble-no-description = No hay ningún proveedor en esta dirección: falta /.well-known/openid-configuration debajo de ella, o lleva a otro lugar.
admin-sso-trouble-bad-description = Lo que el proveedor dice de sí mismo, o sus claves, no se puede leer.
admin-sso-trouble-other-issuer = El proveedor se llama de otra forma que la escrita. Compare letra por letra, también la barra del final.
admin-sso-trouble-no-tokens = El proveedor no tiene un lugar para cambiar el código (token endpoint), así que nadie puede entrar.
admin-sso-trouble-no-signatures = El proveedor solo firma con un secreto compartido. Elija allí RS256, ES256 o EdDSA.
admin-sso-trouble-no-keys = El proveedor no publica ninguna clave con la que comprobar sus firmas.
admin-sso-trouble-no-pkce = El proveedor no conoce PKCE con S256. Actívelo allí.
admin-error-sso-issuer = Escriba la dirección del proveedor, por ejemplo https://login.clinica.example.
admin-error-sso-client = Escriba el identificador de cliente tal como lo dio el proveedor.
admin-error-sso-secret = Escriba el secreto del cliente tal como lo dio el proveedor.
admin-error-sso-secret-needed = Escriba el secreto que corresponde a este proveedor y a este identificador.
admin-error-sso-claim = Escriba el nombre del dato que lleva los grupos.
admin-error-sso-groups = Puede haber 500 grupos, cada uno de hasta 255 caracteres.
admin-error-sso-no-group = Nombre al menos un grupo, o nadie podrá entrar.
admin-error-sso-factor = Puede haber 20 palabras, cada una de hasta 255 caracteres.
admin-error-demo = En la demostración esto se queda como está.
admin-staff-forget-sso = Desconectar de la cuenta de la organización
admin-staff-forget-sso-help = Entra con la cuenta de su organización, que también fija su función. Desconéctela cuando tenga allí una cuenta nueva: se conecta a quien entre después con su correo verificado. Sus sesiones terminan.

## El registro de auditoría

audit-kind-sso-provider = Inicio de sesión único
audit-action-sso-change = Cambió el inicio de sesión único
audit-action-sso-remove = Quitó el inicio de sesión único
audit-action-sso-try = Probó el inicio de sesión único
audit-action-sso-link = Quedó conectado con la cuenta de la organización
audit-action-sso-forget = Desconectó a una persona de la cuenta de la organización
audit-action-sso-show = Inició sesión en el proveedor de la organización
audit-detail-groups = grupos
audit-detail-found = resultado
audit-detail-enabled = se puede entrar
audit-detail-makes-accounts = crea cuentas
audit-detail-only-way = única forma de entrar
audit-detail-trusted-words = palabras de un segundo factor
