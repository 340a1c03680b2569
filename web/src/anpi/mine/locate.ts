/** Where this device is: asked of the browser only when the person has ticked it. */
import type { Place } from './shapes'

const WITHIN_MS = 15_000
/** A place of a minute ago is still where one is. */
const NOT_OLDER_MS = 60_000

/** Null when the person or the device says no. */
export function locate(): Promise<Place | null> {
  return new Promise((resolve) => {
    if (!('geolocation' in navigator)) return resolve(null)
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lon: coords.longitude, accuracy: Math.min(1_000_000, Math.max(0, coords.accuracy)) }),
      () => resolve(null),
      { enableHighAccuracy: true, timeout: WITHIN_MS, maximumAge: NOT_OLDER_MS },
    )
  })
}
