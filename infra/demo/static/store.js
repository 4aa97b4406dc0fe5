// The browser's memory: ids of deletions, and nothing that came from the platform.

const key = (endUser) => `statasphere.deletions.${endUser}`;

/** Returns the ids of this person's deletions, newest first. */
export function deletionIds(endUser) {
  try {
    const ids = JSON.parse(localStorage.getItem(key(endUser)) ?? "[]");
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

/** Remembers a deletion. */
export function rememberDeletion(endUser, id) {
  write(endUser, [id, ...deletionIds(endUser).filter((known) => known !== id)].slice(0, 20));
}

/** Forgets a deletion. */
export function forgetDeletion(endUser, id) {
  write(endUser, deletionIds(endUser).filter((known) => known !== id));
}

function write(endUser, ids) {
  try {
    localStorage.setItem(key(endUser), JSON.stringify(ids));
  } catch {
    // Without storage the page still works until it is reloaded.
  }
}
