/** 安否の連絡先: what the person and the server say to each other about them. */
import { call } from '../../lib/api'
import type { ContactRow as Contact, Contacts } from '../../lib/wire'

export type { Contact, Contacts }

const PATH = '/api/anpi/contacts'

export const contacts = () => call<Contacts>('GET', PATH)
export const addContact = (address: string) => call<Contacts>('POST', PATH, { address })
export const askContact = (place: number) => call<Contacts>('POST', `${PATH}/${place}/ask`, {})
export const removeContact = (place: number) => call<Contacts>('DELETE', `${PATH}/${place}`)
