/** What a `LinkedList` keeps in its items; null while an item is in none. */
export interface Linked<Item> {
  previous: Item | null;
  next: Item | null;
}

/**
 * Items in the order they came, for lists that thousands enter and leave each second. A `Set` would do, but each time
 * it makes room it leaves a table behind that refers to the next: V8 then keeps what passed through it until a full
 * collection. Here an item that leaves refers to nothing any more.
 */
export class LinkedList<Item extends Linked<Item>> {
  first: Item | null = null;
  size = 0;
  private last: Item | null = null;

  /** `item` must be in no list. */
  add(item: Item): void {
    item.previous = this.last;
    if (this.last) this.last.next = item;
    else this.first = item;
    this.last = item;
    this.size++;
  }

  /** `item` must be in this list. */
  remove(item: Item): void {
    const { previous, next } = item;
    if (previous) previous.next = next;
    else this.first = next;
    if (next) next.previous = previous;
    else this.last = previous;
    item.previous = item.next = null;
    this.size--;
  }

  /** The items of this moment. Any of them may leave meanwhile; it is still given in its turn. */
  [Symbol.iterator](): Iterator<Item> {
    const items: Item[] = [];
    for (let item = this.first; item; item = item.next) items.push(item);
    return items.values();
  }
}
