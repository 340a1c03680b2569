// Fills in where one is, only while the box is ticked; without it the page does everything else.
const form = document.querySelector('form')
const note = document.getElementById('place')
const say = (word) => { note.textContent = note.dataset[word] }
const fill = (lat, lon, accuracy) => {
  form.lat.value = lat
  form.lon.value = lon
  form.accuracy.value = accuracy
}
document.getElementById('share').hidden = false
const locate = () => {
  fill('', '', '')
  if (!form.share.checked) return say('hint')
  if (!navigator.geolocation) return say('none')
  say('wait')
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      if (!form.share.checked) return
      fill(coords.latitude, coords.longitude, Math.round(coords.accuracy))
      say('done')
    },
    () => say('none'),
    { timeout: 15000, maximumAge: 60000 },
  )
}
form.share.addEventListener('change', locate)
// Ticked before, on a page that came back because something was missing.
if (form.share.checked) locate()
