### Páginas para pacientes. Palabras sencillas: un niño de once años debería entenderlas.

## Todas las páginas públicas
public-foot-emergency = En una emergencia, llame al { $number }. No espere nuestra respuesta aquí.
public-rate-limited-detail = Fue mucho en poco tiempo. Espere una hora, por favor, o llámenos.
public-nobody-here = No se envió su mensaje
public-nobody-here-detail = En esta dirección ya no lo puede leer nadie. Llámenos, o copie de aquí lo que escribió y escríbanos de nuevo.
public-internal-detail = No es culpa suya, y ya nos avisaron. Por favor, inténtelo de nuevo en unos minutos.
public-file-waiting = Este archivo se está revisando
public-file-waiting-detail = Revisamos cada archivo antes de que alguien lo abra. Por favor, inténtelo de nuevo en unos minutos.
public-file-infected = Este archivo no se puede abrir
public-file-infected-detail = Nuestra revisión encontró algo dañino en él. Todo lo demás de su conversación está bien. Por favor, escríbanos o llámenos si necesita lo que contenía.
public-picture-damaged = Esta imagen no se puede abrir aquí
public-picture-damaged-detail = Se dañó en el camino. Si la necesita, por favor, escríbanos o llámenos.

## Emergencia
public-emergency-text = Por favor, no escriba aquí. Llame ahora. Hay alguien de día y de noche.
public-emergency-call = Llame al { $number } ahora
public-emergency-talk = ¿Siente que no puede más? Llame o escriba al { $number }
public-emergency-read = Por favor, lea esto ahora
public-emergency-maybe = Su mensaje puede tratar de algo que no puede esperar. Si usted o alguien cerca está en peligro, llame ahora. Por favor, no espere nuestra respuesta.
public-emergency-lost = Si puede, díganos cómo localizarle: un teléfono, o dónde está.
public-reach-send = Decirlo
public-reach-said = Gracias. Ya lo tenemos, junto a su mensaje.
public-error-reach = Por favor escriba un teléfono, o dónde está.
public-error-reach-long = Es demasiado largo. Basta un teléfono, o dónde está.
public-emergency-alerted = Tenemos su mensaje. Avisamos a nuestro equipo, y alguien lo verá primero.

## Formulario
public-request-title = Escríbanos
public-request-lead = Envíe una pregunta a { $clinic }. Una persona la leerá y le responderá por correo.
public-request-trap = Deje esto vacío
public-request-category = ¿De qué se trata?
public-request-category-unsure = No estoy seguro
public-request-name = Su nombre
public-request-email = Su correo electrónico
public-request-email-help = Le respondemos a esta dirección.
public-request-message = Su mensaje
public-request-message-help = Díganos qué necesita. Si es para otra persona, díganos quién es.
public-request-files = Fotos o archivos
public-request-files-help = Hasta { $count } archivos, cada uno de hasta 25 MB y todos juntos de hasta 50 MB.
public-request-private = Solo nuestro equipo puede leer esto.
public-request-send = Enviar
public-any-clinic = Solicitudes de pacientes
public-clinics-title = ¿A qué clínica quiere escribir?

## Cuando el formulario vuelve
public-note-title = Por favor, envíelo otra vez
public-note-again = Guardamos lo que escribió. Por favor, revíselo y presione Enviar otra vez.
public-note-old = Esta página estuvo abierta mucho tiempo. Guardamos lo que escribió. Por favor, revíselo y presione Enviar otra vez.
public-note-too-many = Recibimos muchos mensajes desde aquí en poco tiempo. Guardamos lo que escribió. Espere una hora, por favor, y presione Enviar otra vez, o llámenos.
public-note-unavailable = Algo de nuestro lado está ocupado. Guardamos lo que escribió. Espere un minuto, por favor, y presione Enviar otra vez.
public-note-files = Por favor, elija sus archivos otra vez.
public-error-category = Por favor, elija de la lista.
public-error-name = Por favor, díganos su nombre.
public-error-name-long = Por favor, use un nombre más corto.
public-error-email-missing = Por favor, díganos su correo electrónico.
public-error-email = Por favor, revise su correo. Debe verse así: nombre@ejemplo.com.
public-error-message = Por favor, escriba su mensaje.
public-error-message-long = Su mensaje es demasiado largo. Por favor, hágalo más corto o envíelo como archivo.
public-error-files-many = Son más de 5 archivos. Por favor, elija menos.
public-error-files-today = Ya envió todos los archivos que podemos recibir de una persona en un día. Sus palabras pueden ir ahora sin ellos; envíe los archivos mañana, o llámenos si no puede esperar.
public-error-files-no-room = Ahora mismo se están enviando tantos archivos que no hubo lugar para los suyos. Espere un minuto, por favor, y envíelos otra vez.
public-error-files-slow = Sus archivos tardaron demasiado en llegar. Por favor, elija archivos más pequeños, o envíe su mensaje sin ellos.
public-kept = Lo que usted escribió
public-kept-help = No pudimos recibirlo. Puede copiarlo desde aquí, para no tener que escribirlo de nuevo.
public-error-files-large = Un archivo pesa más de 25 MB. Por favor, elija uno más pequeño.
public-error-files-together = Sus archivos pesan juntos más de 50 MB. Por favor, elija menos o más pequeños.

## Llegó
public-thanks-title = Tenemos su mensaje
public-thanks-number = Su número: { $number }
public-thanks-step-mail = Le enviamos un correo corto para decirle que llegó.
public-thanks-step-read = Una persona de nuestro equipo lee su mensaje.
public-thanks-step-answer = Recibe nuestra respuesta por correo. Puede contestarla.

## Cuándo esperar una respuesta
public-answer-soon = Le responderemos tan pronto como podamos.
public-answer-today = Tendrá noticias nuestras hoy, a más tardar a las { $time }.
public-answer-tomorrow = Tendrá noticias nuestras mañana, a más tardar a las { $time }.
public-answer-weekday = Tendrá noticias nuestras a más tardar el { $day } a las { $time }.
public-answer-date = Tendrá noticias nuestras a más tardar el { $date }.
public-weekday-1 = lunes
public-weekday-2 = martes
public-weekday-3 = miércoles
public-weekday-4 = jueves
public-weekday-5 = viernes
public-weekday-6 = sábado
public-weekday-7 = domingo

## Una conversación detrás de un enlace
public-open-title = Sus mensajes con nosotros
public-open-text = Para que sean privados, este enlace se abre en un solo navegador. Presione el botón para abrirlo aquí.
public-open-button = Abrir mis mensajes
public-elsewhere-title = Este enlace se abrió en otro lugar
public-elsewhere-text = Solo funciona en el navegador que lo abrió primero. Podemos enviarle uno nuevo por correo.
public-elsewhere-button = Envíenme un enlace nuevo
public-link-ended-title = Este enlace ya no funciona
public-link-ended-text = Por su seguridad, nuestros enlaces funcionan por un tiempo limitado. Podemos enviar uno nuevo a su correo.
public-link-ended-button = Envíenme un enlace nuevo
public-link-over-title = Este enlace ya no sirve
public-link-over-text = Desde aquí no podemos enviarle uno nuevo. Por favor, escríbanos otra vez o llámenos, y le ayudaremos.
public-renewed-title = Por favor, revise su correo
public-renewed-text = Si este enlace era suyo, uno nuevo va en camino. Puede tardar unos minutos.
public-reach = También puede comunicarse con nosotros así:
public-thread-title = Su solicitud
public-thread-you = Usted
public-thread-you-told = Usted nos dijo
public-thread-reply = Responder
public-thread-thanks = Gracias. Tenemos su mensaje.
public-thread-file-waiting = Lo tenemos y lo estamos revisando. Se hace con todos los archivos.
public-thread-file-refused = No podemos abrir este archivo: nuestra revisión encontró algo dañino en él. Pasa sin culpa de nadie. Sus palabras nos llegaron. Por favor, envíe una foto o cuéntenos con palabras lo que dice; y haga revisar su dispositivo.
public-thread-file-harmful = Este archivo no se puede abrir: nuestra revisión encontró algo dañino en él. Por favor, escríbanos si lo necesita.
public-thread-opened = Gracias. Tenemos su mensaje. Está en una solicitud nueva: número { $number }.
public-thread-anew = Lo que escriba aquí irá en una solicitud nueva. Veremos las dos juntas.

## Opinión
public-rating-title = ¿Cómo lo hicimos?
public-rating-lead = Elija una opción y presione Enviar. Nos ayuda a mejorar.
public-rating-legend = ¿Cómo fue nuestra ayuda?
public-rating-5 = Muy buena
public-rating-4 = Buena
public-rating-3 = Regular
public-rating-2 = No muy buena
public-rating-1 = Mala
public-rating-comment = ¿Quiere contarnos más?
public-rating-send = Enviar
public-rating-choose = Por favor, elija una opción.
public-rating-ended-title = Este enlace ya no funciona
public-rating-ended-text = Ya no se puede responder aquí. Gracias por intentarlo.
public-rated-title = Gracias
public-rated-text = Tenemos su respuesta.
public-rated-again = Cambiarla o contarnos más

## Antes de seguir un enlace de un mensaje
away-public-intro = No es una de nuestras páginas. Mire la dirección antes de seguir.
away-public-warning = No escriba nunca allí un código nuestro.
away-public-back = Volver a su solicitud
