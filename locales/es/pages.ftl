### Las páginas del personal.

## Entrar
sign-in-title = Qué bueno verle de nuevo
sign-in-email = Correo electrónico
sign-in-password = Contraseña
sign-in-failed = El correo o la contraseña no son correctos. Inténtelo de nuevo.
sign-in-too-often = No fue correcto varias veces. Espere un momento e inténtelo de nuevo.
sign-in-link-title = Le damos la bienvenida
sign-in-link-text = Este enlace abre su sesión en este dispositivo.
code-title = Un paso más
code-label = Código
code-help = Las seis cifras que la aplicación de su teléfono muestra para este servicio.
code-failed = Este código no es correcto. La aplicación muestra uno nuevo cada 30 segundos, y cada uno sirve una vez.
code-lost = No tengo mi teléfono
code-recovery-label = Código de recuperación
code-recovery-help = Uno de los que guardó al configurar la aplicación. Cada uno sirve una vez.
code-recovery-use = Usar el código de recuperación
code-back = Entrar con otra cuenta
confirm-title = ¿Es usted?
confirm-text = Lo que sigue merece una segunda mirada. Cuando lo confirme, no volveremos a preguntar durante diez minutos.
confirm-demo = En la demostración nadie tiene contraseña; basta con un clic.
confirm-code-help = Seis cifras de la aplicación de su teléfono, o un código de recuperación.
confirm-failed = No es correcto. Inténtelo otra vez.
confirm-action = Confirmar
confirm-impossible = Entró con un enlace hace un rato y todavía no tiene contraseña. Pida un enlace nuevo a quien gestiona el personal: con él podrá elegir una.
factor-title = Un código además de su contraseña
factor-intro = Así, una contraseña robada por sí sola no deja entrar a nadie. Necesita en su teléfono una aplicación que haga códigos, como Google Authenticator, Microsoft Authenticator, Aegis o su gestor de contraseñas.
factor-scan = Escanee esta imagen con la aplicación.
factor-picture = Imagen para la aplicación. Las letras de abajo dicen lo mismo.
factor-here = La aplicación está en este dispositivo: ábrala
factor-type = O escriba esto en la aplicación:
factor-code = Código que muestra ahora la aplicación
factor-wrong = Este código no es correcto. Compruebe que el reloj de su teléfono esté bien y escriba el código más reciente.
factor-turn-on = Activar
recovery-title = Sus códigos de recuperación
recovery-first = El segundo factor está activado.
recovery-text = Guárdelos donde no esté su teléfono: en papel o en un gestor de contraseñas. Si pierde el teléfono, uno de ellos le deja entrar, cada uno una vez. No podemos mostrarlos de nuevo.
recovery-kept = Los he guardado
password-title = Elegir contraseña
password-new = Contraseña nueva
password-again = La misma contraseña otra vez
password-help = Al menos 15 caracteres. Unas cuantas palabras sirven.
password-too-short = Use al menos 15 caracteres. Unas cuantas palabras sirven.
password-too-long = Use como máximo 200 caracteres.
password-too-simple = Use algo más que un mismo trozo repetido o letras seguidas.
password-common = Mucha gente usa esta contraseña y es de las primeras que se prueban. Elija otra.
password-named = No use el nombre de la clínica, ni el de este programa, ni el suyo.
password-differs = Las dos contraseñas no son iguales.

## Apariencia
look-text = Texto
look-text-usual = Normal
look-text-large = Grande

## Se dice una vez después de hacer algo
flash-confirm-first = Todavía no se ha cambiado nada. Confirme que es usted y envíelo otra vez.
flash-second-factor-first = Su función necesita un segundo factor. Configúrelo primero.
flash-second-factor-off = El segundo factor está desactivado.
flash-sign-in-anew = Ha pasado demasiado tiempo, o el código fue incorrecto varias veces. Entre otra vez.
flash-session-ended = Sesión cerrada.
flash-sessions-ended = Cerró la sesión en los demás dispositivos.
flash-signed-out = Su sesión está cerrada.
flash-password-set = Su contraseña está guardada.

## Navegación
nav-following = Seguidas
nav-done = Terminadas

## Listas
pages-label = Páginas de esta lista
pages-first = Al principio
welcome-title = ¿Está configurando?
welcome-text = Las solicitudes aparecen aquí en cuanto llegan: por correo cuando haya un buzón, y por el formulario que su página puede enlazar.
welcome-mailbox = Buzones
welcome-people = Personal
welcome-form = El formulario
snoozed = Pospuesta
snoozed-until = Pospuesta hasta { $time }
crisis-banner = Alguien puede estar en peligro
crisis-open = Mostrar ahora
crisis-waiting = { $count ->
    [one] Una solicitud parece una crisis y sigue abierta.
   *[other] { $count } solicitudes parecen una crisis y siguen abiertas.
}
crisis-what-to-do = Siga ahora los pasos de su clínica para una crisis. Si puede, llame en lugar de escribir.
calm-title = No es una crisis
calm-help = Cuando esté seguro de que nadie está en peligro. Si vuelve a ser una emergencia, queda sin efecto.
calm-reason = Por qué nadie está en peligro
calm-choose = Elija un motivo
calm-other-meaning = Las palabras querían decir otra cosa
calm-past = Ya pasó
calm-safe-already = Se trata de otra persona, que ya está a salvo
calm-test-or-spam = Una prueba o correo basura
calm-other = Otra cosa
calm-words = Con sus propias palabras
calm-words-help = se guarda como nota; hace falta con «Otra cosa»
calm-urgency = ¿Qué urgencia tiene ahora?
calm-save = Nadie está en peligro

## Solicitud
ticket-about = Sobre esta solicitud
ticket-details = Detalles
ticket-subject = Asunto
ticket-no-text = (Sin texto)
ticket-language = Idioma de la respuesta
ticket-fields = Campos propios
ticket-why = Por qué está aquí
why-earlier = Se suman mensajes anteriores de los últimos días
found-emergency = Posible emergencia: { $kind }
found-concern = Para ver hoy: { $kind }
found-none = Palabras de alarma, quizá dichas sin intención
found-slight = Señales leves de peligro
found-very-sure = El programa está muy seguro. Decide una persona.
found-fairly-sure = El programa está bastante seguro. Decide una persona.
found-unsure = El programa no está seguro. Léalo usted, por favor.
found-faint = Puede que no sea nada: el programa prefiere avisar pronto. Léalo usted, por favor.
found-in-subject = (en el asunto)
found-lowered = Cuenta menos porque { $why }.
found-earlier = Escrito antes por esta persona o para el mismo paciente:
guard-negated = se dice que no es así
guard-historical = se cuenta como algo del pasado
guard-hypothetical = es solo una suposición
guard-someone-else = fue de otra persona, en el pasado
guard-figure = parece una broma o una forma de hablar
guard-quoted = está en un mensaje anterior o en un texto añadido
guard-unlikely = el mensaje en su conjunto parece inofensivo
ticket-danger = Posible peligro: { $kind }
danger-cardiac = Corazón
danger-stroke = Derrame cerebral
danger-breathing = Respiración
danger-anaphylaxis = Reacción alérgica grave
danger-bleeding = Sangrado abundante
danger-overdose = Sobredosis o envenenamiento
danger-self-harm = Suicidio o autolesión
danger-violence = Amenaza de hacer daño a alguien
danger-abuse = Maltrato o abandono
danger-pregnancy = Embarazo o parto
danger-infant = Bebé o niño pequeño
danger-neurological = Convulsión, desmayo o confusión repentina
danger-sepsis = Infección grave
danger-trauma = Lesión grave
danger-post-operative = Después de una operación
danger-diabetic = Azúcar en la sangre
danger-other = Otro peligro grave
status-clinical-only = Estas solicitudes las resuelve o cierra el personal clínico. Usted puede responder y asignárselas.
ticket-unsure = El sistema no estaba seguro. Revíselo y corríjalo, por favor.
ticket-join = Enlazar o unir
ticket-number = Número de la otra solicitud
ticket-split = Separar
ticket-split-which = ¿Qué mensajes pasan a la solicitud nueva?
ticket-links = Solicitudes enlazadas
ticket-others = Otras solicitudes de esta persona
sub-status = Estado más preciso
tags-help = separadas por comas
author-system = Otro sistema
action-follow = Seguir
action-unfollow = Dejar de seguir
action-link = Enlazar
action-merge-into = Unir a ella
action-add-note = Añadir nota
merged-notice = Esta solicitud pasó a otra:
link-related = Relacionada
link-merged-into = Pasó a
link-merged-from = Vino de
link-split-from = Separada de
link-split-into = Dio lugar a
snooze-1h = Por 1 hora
snooze-4h = Por 4 horas
snooze-1d = Hasta mañana, 8:00
snooze-3d = Por 3 días
snooze-7d = Por una semana
snooze-off = Reactivar ahora

## Escribir
composer-kind = Tipo de mensaje
composer-to = Para
composer-secure = va tras un enlace seguro
composer-no-address = No hay correo electrónico. Su respuesta queda aquí; llame o envíe un mensaje de texto.
composer-empty = Escriba algo primero.
composer-too-long = Es demasiado largo para enviarlo. Hágalo más corto o envíelo como archivo.
saved-replies = Respuestas guardadas
stale-changed = Cambió mientras tanto: { $fields }. Su texto se conserva; revíselo y envíelo otra vez. Los archivos deben adjuntarse de nuevo.
stale-words = Se escribió algo nuevo mientras tanto. Su texto se conserva; revíselo y envíelo otra vez. Los archivos deben adjuntarse de nuevo.
stale-details = Cambió mientras tanto: { $fields }. Eso se muestra como está ahora. Lo demás que usted eligió sigue aquí; revíselo y guárdelo otra vez.
stale-details-words = Se escribió algo nuevo mientras tanto. Lo que usted eligió sigue aquí; revíselo y guárdelo otra vez.
error-tags = Una etiqueta tiene letras, cifras, guiones y espacios, como máximo 40 caracteres; una solicitud tiene como máximo 30 etiquetas.
error-files = Un mensaje tiene como máximo 20 archivos.
error-fields = Uno de los campos tiene un valor que no corresponde.
error-snooze = Elija un momento futuro.
error-crisis-snooze = Una crisis no se puede posponer.
error-clinical-only = Estas solicitudes las resuelve o cierra el personal clínico. Responda y déjela abierta, o asígnesela.
error-calm-needed = Antes de bajar la urgencia de una emergencia, diga en «No es una crisis» por qué nadie está en peligro.
error-calm-reason = Elija por qué nadie está en peligro.
error-calm-words = Diga con sus propias palabras por qué nadie está en peligro, en 500 caracteres como máximo.
error-no-crisis = Esta solicitud ya no es una emergencia.
error-other = No hay ninguna solicitud con este número.
error-same-ticket = Es la misma solicitud. Escriba el número de otra.
error-merged = Una de las dos ya pasó a otra solicitud.
error-other-person = Estas solicitudes son de personas distintas. Enlácelas en su lugar.
error-nothing-left = Deje al menos un mensaje aquí.
error-sent = Esta respuesta ya va en camino.

## Conversación
message-automatic = Automático
message-remote = Se omiten las imágenes de otros sitios, para que el remitente no vea cuándo lee esto.
message-earlier = Mensajes anteriores
undo-help = Aún no se ha enviado.
delivery-queued = En camino
delivery-accepted = En su servidor de correo
delivery-stored = Listo para leer
delivery-bounced = Devuelto
delivery-bounced-help = Su servidor de correo devolvió este mensaje, así que no lo ha leído. Revise la dirección o llame.
delivery-failed = No enviado
delivery-failed-help = No se pudo enviar. Revise la dirección o use otra vía.
ticket-end-links = Terminar los enlaces de esta solicitud
ticket-end-links-help = Para un enlace que llegó a otra persona o a una dirección antigua. Todos los enlaces a esta solicitud dejan de funcionar al instante, también los del paciente. Con la próxima respuesta recibe uno nuevo.
action-end-links = Terminar los enlaces
ticket-undelivered = Nuestro correo no llegó
delivery-cancelled = Retirado
address-unproven = Dirección sin confirmar
address-unproven-help = Esto llegó por el formulario de la web, donde cualquiera puede escribir cualquier dirección. No diga nada privado hasta que respondan desde ella, o llame al número de la ficha del paciente.
address-unproven-mail-help = Nada demuestra que este correo venga de la dirección que indica. No diga nada privado hasta que respondan a un correo nuestro, o llame al número de la ficha del paciente.
sender-failed = Falló la comprobación del remitente
sender-failed-help = El servidor de correo indica que esto puede no venir de la dirección que aparece. No diga nada privado y llame al número de la ficha del paciente.
patient-by-address = Se muestra por la dirección, que no está confirmada.
ticket-feedback = De qué habla el comentario
ticket-feedback-whole = En conjunto
sentiment-very-positive = muy bien
sentiment-positive = bien
sentiment-neutral = ni bien ni mal
sentiment-negative = mal
sentiment-very-negative = muy mal
ticket-rating = Cómo fue
address-bounced = El correo vuelve
event-patient-side = El lado del paciente
event-created = Solicitud abierta
event-status = { $who } cambió el estado a { $value }
event-urgency = { $who } cambió la urgencia a { $value }
event-not-a-crisis = { $who } dijo que nadie está en peligro: { $value }
event-category = { $who } cambió la categoría a { $value }
event-queue = { $who } la movió a { $value }
event-took = { $who } se encarga de esta
event-assigned = { $who } la asignó a { $value }
event-unassigned = { $who } la devolvió a todos
event-snoozed = { $who } la pospuso hasta { $value }
event-woken = { $who } la reactivó
event-merged = { $who } unió #{ $value } a esta
event-split = { $who } separó #{ $value }
event-linked = { $who } enlazó #{ $value }
event-rated = Valorada con { $value } de 5
event-changed = { $who } cambió: { $value }

## Búsqueda
search-label = Palabras, nombres o números
search-help = Por ejemplo: receta status:open before:2026-03-01
search-not-understood = No entendimos esa búsqueda. Pruebe con palabras sencillas.
search-results = Lo que se encontró

## Pacientes
patients-help = Rellene una línea. Buscamos exactamente eso, para que no se abra la ficha de otra persona.
patients-found = { $count ->
    [0] No se encontró a nadie
    [one] Una persona encontrada
   *[other] { $count } personas encontradas
}
patients-none = Revise la ortografía o pruebe con otro dato.
patient-name = Nombre
patient-full-name = Nombre completo
patient-born = Nacimiento
patient-birth-date = Fecha de nacimiento
patient-with-birth-date = Fecha de nacimiento, junto con el nombre
patient-mrn = Número de historia
patient-email = Correo electrónico
patient-phone = Teléfono
patient-mail = Respuestas por correo
patient-secure = Tras un enlace seguro
patient-open = En el propio correo
patient-wants-secure = Sin contenido en el correo: las respuestas van tras un enlace seguro
patient-details = Datos
patient-contacts = Quién escribe por esta persona
patient-requests = Solicitudes
patient-no-requests = Aún no hay solicitudes
patient-no-requests-text = Lo que le escriban aparecerá aquí.
patient-unknown = Aún sin vincular a un paciente.
patient-find = Buscar paciente
patient-add = Añadir paciente
patient-edit = Cambiar datos
patient-link = Es esta persona
patient-unlink = No es suyo
patient-error-birth-date = Revise la fecha de nacimiento.
patient-error-birth-date-range = Una fecha de nacimiento no puede ser posterior a hoy ni anterior a 1880. Revísela.
patient-error-mrn = Un número de historia tiene letras y cifras, como máximo 40.
patient-error-mrn-taken = Otro paciente tiene este número de historia.
patient-error-phone = Revise este número de teléfono.
patient-error-address-taken = Esta dirección ya es de alguien. Vincule ese contacto en su lugar.

## Solicitud nueva
new-help = Para quien llamó o vino. Anote lo que necesita con sus palabras.
new-channel = Cómo llegó
new-language = Su idioma
new-language-auto = Según el texto
new-name = Su nombre
new-category-auto = Que decida el sistema
new-body = Lo que necesita
new-acknowledge = Avisar por correo de que llegó
new-open = Abrir solicitud
new-error-address = Hace falta un correo electrónico o un teléfono.

## Se dice una vez después de hacer algo
flash-saved = Guardado.
flash-sent = Su mensaje está registrado.
flash-taken = Ahora es suya.
flash-calmed = Anotado. Ya no es una crisis.
flash-merged = Unidas.
flash-linked = Enlazadas.
flash-split = La solicitud nueva está abierta.
flash-links-ended = Los enlaces de esta solicitud ya no abren nada.
flash-undone = Retirado. No se envió.
flash-created = La solicitud está abierta.

## Cuando algo no está
error-to-desk = Ir al escritorio
error-to-clinic = Escribir a la clínica
error-to-sign-in = Trabajo aquí

## Where somebody is signed in
account-title = Su inicio de sesión
account-sessions = Dónde tiene la sesión abierta
account-sessions-intro = Si no conoce alguna, ciérrela y ponga una contraseña nueva: eso cierra las demás.
account-by-password = con su contraseña
account-by-link = con un enlace
account-by-code = también con un código
account-factor = Segundo factor
account-factor-on = Muestra un código de una aplicación además de su contraseña, desde { $at }.
account-factor-codes = { $count ->
    [0] No queda ningún código de recuperación. Haga códigos nuevos.
    [one] Queda un código de recuperación. Haga códigos nuevos.
   *[other] Quedan { $count } códigos de recuperación.
}
account-factor-new-codes = Hacer códigos de recuperación nuevos
account-factor-turn-off = Desactivar
account-factor-off = Con una aplicación en su teléfono, una contraseña robada por sí sola no deja entrar a nadie.
account-factor-turn-on = Activar
account-since = desde { $at }
account-used = último uso { $at }
account-here = Este navegador
account-end = Cerrar sesión
account-end-others = Cerrar sesión en los demás dispositivos
device-on = { $browser } en { $system }
device-unknown = Un dispositivo que no conocemos
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
device-other = Otro navegador

## Restricted records
problem-restricted = Este expediente está restringido
problem-restricted-detail = Pocas personas lo ven, por quién es o por lo que contiene. Si lo necesita para ayudar a esta persona, puede abrirlo y decir por qué.
restricted-title = Abrir un expediente restringido
restricted-intro = Pocas personas ven este expediente. Ábralo solo si lo necesita para ayudar a esta persona ahora.
restricted-told = Queda abierto { $minutes } minutos. Quien cuida la privacidad se entera enseguida, y alguien pregunta por cada caso.
restricted-why = ¿Por qué lo necesita?
restricted-danger = Alguien está en peligro
restricted-treatment = Atiendo a este paciente
restricted-asked = El paciente me lo pidió
restricted-stands-in = Suplo a quien suele hacerlo
restricted-other = Otra razón
restricted-words = Con sus palabras
restricted-words-help = Qué va a hacer, en una frase.
restricted-open = Abrir este expediente
restricted-error-reason = Elija por qué lo necesita.
restricted-error-short = Diga en pocas palabras por qué lo necesita.
restricted-error-long = Use como máximo 500 caracteres.
restricted-request = Solicitud restringida
restricted-patient = Expediente restringido
patient-labels = Quién puede ver este expediente
patient-labels-help = Sin marca, todos los que ven pacientes. Con una, solo las funciones previstas; los demás tienen que decir por qué. Puede que usted ya no lo vea.
label-vip = Conocido por el público
label-employee = Trabaja aquí
label-part2 = Tratamiento por consumo de sustancias (Part 2)
label-adolescent = Joven con atención propia
flash-restricted-opened = Abierto para usted 60 minutos. Está en la lista de quien revisa la privacidad.
